package ingot.formats.io;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;

/** Path arithmetic that never yields null. */
public final class Folders {
    private Folders() {}

    /** The folder that holds {@code file}, absolute; the root is its own parent. */
    public static Path of(Path file) {
        Path absolute = file.toAbsolutePath();
        Path parent = absolute.getParent();
        return parent == null ? absolute : parent;
    }

    /** The last name of the path, or the path itself where it has none. */
    public static String name(Path file) {
        Path name = file.getFileName();
        return (name == null ? file : name).toString();
    }

    /** What a file-system error says without the path in front. */
    public static String reason(IOException e) {
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        String reason = e instanceof FileSystemException f ? f.getReason() : e.getMessage();
        return reason == null ? e.getClass().getSimpleName() : reason;
    }
}
