package ingot.cli.render;

import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How wide the terminal is that a person looks at. The JDK does not say; {@code stty} does, where there is one. */
final class TerminalWidth {
    /** Rows and columns; a terminal that does not know them says 0. */
    private static final Pattern SIZE = Pattern.compile("\\d{1,5} ([1-9]\\d{0,4})\\s*");

    private TerminalWidth() {}

    /** Columns of the terminal that the command was started from, or {@code otherwise} where that is not known. */
    static int columns(int otherwise) {
        try {
            Process stty = new ProcessBuilder("stty", "size")
                    .redirectInput(new File("/dev/tty"))
                    .redirectError(Redirect.DISCARD)
                    .start();
            if (!stty.waitFor(1, TimeUnit.SECONDS)) {
                stty.destroyForcibly();
                return otherwise;
            }
            return columns(new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII), otherwise);
        } catch (IOException e) {
            return otherwise;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return otherwise;
        }
    }

    /** Columns of {@code size}, what {@code stty size} said. */
    static int columns(String size, int otherwise) {
        Matcher m = SIZE.matcher(size);
        return m.matches() ? Integer.parseInt(m.group(1)) : otherwise;
    }
}
