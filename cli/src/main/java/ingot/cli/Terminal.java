package ingot.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whether a person watches. */
final class Terminal {
    private Terminal() {}

    /**
     * The JDK answers only for standard input and output together ({@link java.io.Console#isTerminal}), and progress
     * goes to standard error while results are often redirected; on Linux the descriptor's link tells.
     */
    @SuppressWarnings("SystemConsoleNull") // annotated as nullable, so it is checked
    static boolean stderrIsTerminal() {
        if ("dumb".equals(System.getenv("TERM"))) {
            return false;
        }
        Path link = Path.of("/proc/self/fd/2");
        if (Files.isSymbolicLink(link)) {
            try {
                String target = Files.readSymbolicLink(link).toString();
                return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
            } catch (IOException e) {
                return false;
            }
        }
        java.io.Console console = System.console();
        return console != null && console.isTerminal();
    }
}
