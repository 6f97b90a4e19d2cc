package ingot.tests.hostile;

import ingot.tests.cli.ChildCommand;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BiFunction;

/**
 * The most that is read of a kind of file: right up to its bounds, where it takes the most memory.
 *
 * @param kind of file, as docs/security.md lists it
 * @param heap in MiB that suffices
 * @param command arguments for what was made and for an output
 * @param exit code
 * @param message found in what is said; empty where nothing is
 */
record Bound(
        String kind,
        String what,
        int heap,
        HostileCase.Maker maker,
        BiFunction<Path, Path, List<String>> command,
        int exit,
        String message) {
    /** Of a file that is converted. */
    Bound(String kind, String what, int heap, HostileCase.Maker maker, int exit, String message) {
        this(kind, what, heap, maker, Bound::convert, exit, message);
    }

    private static List<String> convert(Path source, Path out) {
        return List.of("convert", source.toString(), "-o", out.toString(), "--force", "--type", "f32");
    }

    /** Converts in a process of as much heap. */
    static ChildCommand.Outcome convert(Path source, Path out, int heap) throws IOException, InterruptedException {
        return run(convert(source, out), heap);
    }

    /** Reads what was made in a process of as much heap. */
    ChildCommand.Outcome run(Path made, Path out, int heap) throws IOException, InterruptedException {
        return run(command.apply(made, out), heap);
    }

    private static ChildCommand.Outcome run(List<String> arguments, int heap) throws IOException, InterruptedException {
        return ChildCommand.run(
                List.of("-Xmx" + heap + "m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                arguments.toArray(String[]::new));
    }

    @Override
    public String toString() {
        return kind + ", " + what;
    }
}
