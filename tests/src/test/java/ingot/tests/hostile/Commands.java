package ingot.tests.hostile;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Programs of the operating system, for what Java cannot do. */
public final class Commands {
    private Commands() {}

    /** {@code mkfifo}; {@link IOException} where the system has none. */
    static void fifo(Path path) throws IOException {
        run(List.of("mkfifo", path.toString()));
    }

    /** Runs a program to its end; {@link IOException} when it cannot be started or fails. */
    public static void run(List<String> command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            String output =
                    new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
                process.destroyForcibly();
                throw new IOException(String.join(" ", command) + ": " + output);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }
}
