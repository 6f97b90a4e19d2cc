package ingot.formats.io;

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
}
