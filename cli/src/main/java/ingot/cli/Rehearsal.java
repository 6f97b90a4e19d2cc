package ingot.cli;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What the JVM is to remember of common commands, done once on a small model: {@code ./ingot} lets it write its cache of
 * classes and profiles from this. Computes without vectors, whose module such a cache cannot hold.
 * docs/decisions/0075-start-up.md
 */
public final class Rehearsal {
    private Rehearsal() {}

    /** @param args a model that comes with a tokenizer, as a folder */
    public static void main(String[] args) throws IOException {
        String folder = args[0];
        Path file = Files.createTempFile("ingot", ".ingot");
        String model = file.toString();
        try {
            List<List<String>> commands = List.of(
                    List.of("--help"),
                    List.of("inspect", folder),
                    List.of("convert", folder, "-o", model, "--type", "int8", "--force", "-q"),
                    List.of("convert", folder, "-o", model, "--type", "int4", "--force", "-q"),
                    List.of("inspect", model),
                    List.of("run", model, "-p", "The ship", "--max-tokens", "2", "--backend", "scalar", "-q"));
            for (List<String> command : commands) {
                Console nowhere = Console.of(
                        new ByteArrayInputStream(new byte[0]),
                        OutputStream.nullOutputStream(),
                        OutputStream.nullOutputStream(),
                        false);
                if (Main.run(command.toArray(String[]::new), nowhere) != ExitCode.DONE) {
                    throw new IllegalStateException("this failed: " + String.join(" ", command));
                }
            }
        } finally {
            Files.deleteIfExists(file);
        }
    }
}
