package ingot.cli;

import ingot.formats.IngotException;
import ingot.formats.Text;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * The streams of one run: results go to {@link #out}, messages and progress to {@link #err}, both UTF-8.
 *
 * @param terminal whether {@code err} is watched by a person
 */
public record Console(InputStream in, PrintStream out, PrintStream err, boolean terminal) {
    /** Thrown out of {@link #out} when the reader went away ({@code ingot … | head}): the run ends, quietly. */
    static final class ReaderGone extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    public static Console of(InputStream in, OutputStream out, OutputStream err, boolean terminal) {
        return new Console(
                in,
                new PrintStream(new Guard(out), false, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                terminal);
    }

    /** Flushes the results; the exit code is {@code code} unless they could not be delivered. */
    int finish(int code) {
        try {
            out.flush();
            return code;
        } catch (ReaderGone e) {
            return code;
        } catch (IngotException e) {
            err.println("ingot: " + e.getMessage());
            return ExitCode.of(e);
        }
    }

    /** A message for people, not part of the result. */
    void note(String message) {
        err.println(Text.visible(message));
    }

    /** A {@link PrintStream} swallows what its sink throws as {@link IOException}; this sink throws unchecked. */
    private static final class Guard extends FilterOutputStream {
        private boolean broken;

        Guard(OutputStream out) {
            super(out);
        }

        @Override
        public void write(int b) {
            attempt(() -> out.write(b));
        }

        @Override
        public void write(byte[] bytes, int from, int length) {
            attempt(() -> out.write(bytes, from, length));
        }

        @Override
        public void flush() {
            attempt(out::flush);
        }

        private void attempt(Action action) {
            if (broken) {
                return;
            }
            try {
                action.run();
            } catch (IOException e) {
                broken = true;
                String reason = String.valueOf(e.getMessage());
                if (reason.toLowerCase(Locale.ROOT).contains("pipe")) {
                    throw new ReaderGone();
                }
                throw new IngotException.ReadWrite("standard output: cannot be written: " + reason, e);
            }
        }

        private interface Action {
            void run() throws IOException;
        }
    }
}
