package ingot.cli;

import ingot.formats.IngotException;
import ingot.formats.Text;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

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

    static void write(Path file, String text) {
        requireFolder(file);
        try {
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new IngotException.ReadWrite(Text.path(file) + ": cannot be written: " + e.getMessage(), e);
        }
    }
}
