package ingot.cli;

import ingot.formats.IngotException;
import ingot.formats.Text;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Small text files beside the result: reports. */
final class Outputs {
    private Outputs() {}

    /** Fails before any computing when {@code file} could not be written after it. */
    static void requireFolder(Path file) {
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw new IngotException.CannotCreate(Text.path(file) + ": its folder does not exist", null);
        }
        if (Files.isDirectory(file) || !Files.isWritable(folder)) {
            throw new IngotException.CannotCreate(Text.path(file) + ": cannot be created here", null);
        }
    }

    /**
     * Refuses a report that could not be written, or in whose place something else belongs.
     *
     * @param html null for no report
     * @param inputs files and folders that are read
     */
    static void requireReport(@Nullable Path html, Path output, Stream<Path> inputs) {
        if (html == null) {
            return;
        }
        requireFolder(html);
        try {
            boolean same = html.toAbsolutePath()
                            .normalize()
                            .equals(output.toAbsolutePath().normalize())
                    || (Files.exists(html) && Files.exists(output) && Files.isSameFile(html, output));
            if (same) {
                throw new IngotException.Usage("--html " + Text.path(html) + " is the output; name another file");
            }
        } catch (IOException e) {
            throw new IngotException.ReadWrite(Text.path(html) + ": " + e.getMessage(), e);
        }
        inputs.forEach(input -> requireNot(html, input));
    }

    /** The report may replace an older one, but nothing that is read. */
    private static void requireNot(Path html, Path input) {
        if (!Files.exists(html) || !Files.exists(input)) {
            return;
        }
        try {
            // A folder is read as a whole; toRealPath, as links may lead into it.
            if (html.toRealPath().startsWith(input.toRealPath()) || Files.isSameFile(html, input)) {
                throw new IngotException.Usage("--html " + Text.path(html) + " is part of " + Text.path(input)
                        + ", which is read; name another file");
            }
        } catch (IOException e) {
            throw new IngotException.ReadWrite(Text.path(html) + ": " + e.getMessage(), e);
        }
    }

    static void write(Path file, String text) {
        requireFolder(file);
        try {
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new IngotException.ReadWrite(Text.path(file) + ": cannot be written: " + e.getMessage(), e);
        }
    }
}
