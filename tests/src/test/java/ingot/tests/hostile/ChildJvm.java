package ingot.tests.hostile;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.quant.ConvertOptions;
import ingot.quant.Converter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Converts in a JVM of its own, which may be given little memory, limits of the system, or a sudden death. */
final class ChildJvm {
    private ChildJvm() {}

    /**
     * How a child ended.
     *
     * @param exit 0, or 100 when the converter threw; what it threw is then in the output
     */
    record Outcome(int exit, String output) {
        boolean threw(Class<? extends IngotException> kind) {
            return exit == 100 && output.contains(kind.getSimpleName() + ": ");
        }
    }

    /** Starts a conversion; its output goes to {@code log}. */
    static Process start(List<String> jvmOptions, Path source, Path out, String type, Path log) throws IOException {
        return start(List.of(), jvmOptions, source, out, type, log);
    }

    /** @param wrapper a command that runs the command after it, such as {@code unshare -m} */
    static Process start(List<String> wrapper, List<String> jvmOptions, Path source, Path out, String type, Path log)
            throws IOException {
        List<String> command = new ArrayList<>(wrapper);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-Xshare:auto", "--add-modules", "jdk.incubator.vector"));
        command.addAll(jvmOptions);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), ChildJvm.class.getName()));
        command.addAll(List.of(source.toString(), out.toString(), type));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
    }

    static Outcome await(Process process, Path log) throws IOException {
        try {
            int exit = process.waitFor();
            return new Outcome(exit, Files.readString(log, StandardCharsets.UTF_8));
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    static Outcome run(List<String> jvmOptions, Path source, Path out, String type, Path log) throws IOException {
        return await(start(jvmOptions, source, out, type, log), log);
    }

    /** The child: SOURCE OUTPUT TYPE. */
    public static void main(String[] args) {
        ConvertOptions options = ConvertOptions.of(ConvertOptions.layout(args[2].toLowerCase(Locale.ROOT)))
                .withOverwrite(true)
                .withThreads(2);
        try {
            new Converter(options).convert(Path.of(args[0]), Path.of(args[1]), Progress.none());
        } catch (IngotException e) {
            System.out.println(e.getClass().getSimpleName() + ": " + e.getMessage());
            System.exit(100);
        }
    }
}
