package ingot.formats.io;

import ingot.formats.IngotException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Path arithmetic that never yields null, and where the files of a folder may be. */
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

    /**
     * A file beside the weights, whether or not it is there. A folder may be published by whoever converts it, and so may
     * what it links to: a link has to stay inside it, or lead to the blobs of the same hub cache.
     *
     * @throws IngotException.BadData when it is a link to something elsewhere
     */
    public static Path companion(Path folder, String name) {
        Path file = folder.resolve(name);
        try {
            // A link that leads nowhere is an absent file.
            if (Files.isSymbolicLink(file) && Files.exists(file) && leaves(file, folder)) {
                throw IngotException.BadData.in(file, "is a link that leaves the model folder; copy the file instead");
            }
            return file;
        } catch (IOException e) {
            throw InputFile.failure(file, e);
        }
    }

    /** Whether following the links of a file leads out of the folder, and not to the blobs of the same hub cache. */
    public static boolean leaves(Path file, Path folder) throws IOException {
        Path real = file.toRealPath();
        Path realFolder = folder.toRealPath();
        return !real.startsWith(realFolder) && !isHubBlob(real, realFolder);
    }

    /** {@code …/models--X/snapshots/REV} may link into {@code …/models--X/blobs}. */
    private static boolean isHubBlob(Path real, Path realFolder) {
        Path snapshots = realFolder.getParent();
        return snapshots != null
                && snapshots.endsWith("snapshots")
                && snapshots.getParent() != null
                && real.startsWith(snapshots.resolveSibling("blobs"));
    }
}
