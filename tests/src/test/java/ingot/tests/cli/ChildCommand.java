package ingot.tests.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The {@code ingot} command in a JVM of its own: with the memory a test wants to give it, and with a compiler that has seen
 * only one vector width (in the JVM of the tests, where every width has run, vectors are boxed and ten times slower).
 */
public final class ChildCommand {
    private ChildCommand() {}

    /** How the command ended. */
    public record Outcome(int exit, String out, String err) {
        /** What it says went wrong: one line, or none. */
        public String complaint() {
            List<String> lines =
                    err.lines().filter(l -> l.startsWith("ingot: ")).toList();
            return lines.size() == 1 && !err.contains("\tat ") ? lines.getFirst() : lines.isEmpty() ? "" : err;
        }
    }

    /** Runs the command and waits for it. */
    public static Outcome run(List<String> jvmOptions, String... args) throws IOException, InterruptedException {
        return runMain("ingot.cli.Main", jvmOptions, args);
    }

    /** Runs another class than that of the command. */
    public static Outcome runMain(String main, List<String> jvmOptions, String... args)
            throws IOException, InterruptedException {
        return await(command(main, jvmOptions, args));
    }

    /** Runs the command under a program that runs the command behind its own arguments, such as {@code strace}. */
    public static Outcome runUnder(List<String> wrapper, List<String> jvmOptions, String... args)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(wrapper);
        command.addAll(command("ingot.cli.Main", jvmOptions, args));
        return await(command);
    }

    /** What starts the command: for those who want its process. */
    public static List<String> command(String main, List<String> jvmOptions, String... args) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("--add-modules", "jdk.incubator.vector"));
        command.addAll(jvmOptions);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main));
        command.addAll(List.of(args));
        return command;
    }

    private static Outcome await(List<String> command) throws IOException, InterruptedException {
        return await(command, Map.of());
    }

    /** Runs any program, with some more environment. */
    static Outcome await(List<String> command, Map<String, String> environment)
            throws IOException, InterruptedException {
        Path err = Files.createTempFile("ingot-child", ".err");
        try {
            ProcessBuilder builder = new ProcessBuilder(command).redirectError(err.toFile());
            builder.environment().putAll(environment);
            Process process = builder.start();
            String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Outcome(process.waitFor(), out, Files.readString(err));
        } finally {
            Files.delete(err);
        }
    }
}
