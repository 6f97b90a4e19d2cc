package ingot.tests.hostile;

import static java.nio.charset.StandardCharsets.UTF_8;

import ingot.cli.Console;
import ingot.cli.Main;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/**
 * A JVM of little memory that runs the command once for each line of its input, as {@link Main#main} does but for exiting:
 * starting a JVM for each of some hundred files would take minutes. {@link HostileProcessTest} does so for a few.
 */
final class CorpusServer implements AutoCloseable {
    /** Enough for the command and 64 MiB of what a bad file may cost, and not for much more. */
    static final List<String> SMALL = List.of("-Xmx96m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");

    private final Process process;
    private final Path stderr;
    private final PrintStream requests;
    private final BufferedReader answers;

    /** How a run of the command ended. */
    record Outcome(int exit, String out, String err) {}

    CorpusServer() throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("--add-modules", "jdk.incubator.vector"));
        command.addAll(SMALL);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), CorpusServer.class.getName()));
        stderr = Files.createTempFile("ingot-corpus", ".err");
        process = new ProcessBuilder(command).redirectError(stderr.toFile()).start();
        requests = new PrintStream(process.getOutputStream(), true, UTF_8);
        answers = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8));
    }

    Outcome run(String... args) throws IOException {
        requests.println(
                String.join(" ", Arrays.stream(args).map(CorpusServer::encode).toList()));
        String answer = answers.readLine();
        if (answer == null) {
            throw new AssertionError("the JVM of the command ended at " + String.join(" ", args));
        }
        String[] parts = answer.split(" ", -1);
        return new Outcome(Integer.parseInt(parts[0]), decode(parts[1]), decode(parts[2]));
    }

    /** What the process itself has said so far, but that a module is an incubating one: errors of other threads, warnings. */
    List<String> complaints() throws IOException {
        return Files.readAllLines(stderr).stream()
                .filter(line -> !line.startsWith("WARNING: Using incubator"))
                .toList();
    }

    @Override
    public void close() throws IOException {
        requests.close();
        process.destroy();
        Files.delete(stderr);
    }

    /** The child. */
    public static void main(String[] args) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] request =
                    Arrays.stream(line.split(" ")).map(CorpusServer::decode).toArray(String[]::new);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            ByteArrayOutputStream err = new ByteArrayOutputStream();
            int exit = Main.run(request, Console.of(InputStream.nullInputStream(), out, err, false));
            System.out.println(exit + " " + encode(out.toString(UTF_8)) + " " + encode(err.toString(UTF_8)));
        }
    }

    private static String encode(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(UTF_8));
    }

    private static String decode(String text) {
        return new String(Base64.getDecoder().decode(text), UTF_8);
    }
}
