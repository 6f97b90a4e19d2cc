package ingot.tests.hostile;

import ingot.tests.cli.ChildCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The largest of each kind of file. What is wrong about most of them is found only behind all of it. */
final class BoundCases {
    private static final int STEP = 16;

    private BoundCases() {}

    static List<Bound> all() {
        return Stream.of(
                        BoundJson.all(),
                        BoundTokenizers.all(),
                        BoundFiles.all(),
                        BoundGguf.all(),
                        BoundShards.all(),
                        BoundSignatures.all())
                .flatMap(List::stream)
                .toList();
    }

    /** Prints the smallest heap for each kind of file, in steps of {@value #STEP} MiB: the table of docs/security.md. */
    public static void main(String[] args) throws IOException, InterruptedException {
        Path scratch = Files.createTempDirectory("ingot-bounds");
        try {
            for (Bound bound : all()) {
                if (args.length > 0 && !bound.toString().contains(args[0])) {
                    continue;
                }
                Path model = bound.maker().make(Files.createDirectory(scratch.resolve("model")));
                int low = 2;
                int high = 48;
                ChildCommand.Outcome last = bound.run(model, scratch.resolve("x.ingot"), STEP * high);
                int exit = last.exit();
                while (low < high) {
                    int middle = (low + high) / 2;
                    boolean suffices = bound.run(model, scratch.resolve("x.ingot"), STEP * middle)
                                    .exit()
                            == exit;
                    low = suffices ? low : middle + 1;
                    high = suffices ? middle : high;
                }
                System.out.println(
                        "| " + bound.kind() + " | " + bound.what() + " | " + STEP * high + " | " + exit + " |");
                if (exit != bound.exit() || !last.err().matches("(?s).*(" + bound.message() + ").*")) {
                    System.out.println("  expected " + bound.exit() + ", " + bound.message() + ": " + last.err());
                }
                Trees.delete(scratch.resolve("model"));
            }
        } finally {
            Trees.delete(scratch);
        }
    }
}
