package ingot.quant.calibration;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.io.AtomicFile;
import ingot.formats.io.Folders;
import ingot.formats.io.InputFile;
import ingot.formats.json.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

/** The files of a {@link WorkFolder} as files: whose they are, their bytes, their end. */
final class WorkFiles {
    /** Files that a conversion makes, and what their writing leaves when it is killed. */
    private static final Pattern OWN =
            Pattern.compile("\\.?((key|plan|step-\\d+)\\.json|step-\\d+\\.bin|[a-z0-9-]+\\.f32)(\\.part|\\.lock)?");

    private WorkFiles() {}

    /** What is removed in the end must be what a conversion made. */
    static void requireOwn(Path folder) throws IOException {
        if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        boolean own = Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS);
        if (own) {
            try (Stream<Path> entries = Files.list(folder)) {
                own = entries.allMatch(e -> OWN.matcher(Folders.name(e)).matches());
            }
        }
        if (!own) {
            throw new IngotException.CannotCreate(
                    Text.path(folder) + ": is in the place of a conversion's work and not its own; move it away", null);
        }
    }

    /** Removes the folder, if there is one, with everything in it. */
    static void remove(Path folder) {
        if (!Files.isDirectory(folder)) {
            return;
        }
        try (Stream<Path> entries = Files.list(folder)) {
            // Without its key the rest is of no use to anybody: whoever is killed on the way leaves nothing half.
            Files.deleteIfExists(key(folder));
            for (Path file : entries.toList()) {
                Files.deleteIfExists(file);
            }
            Files.delete(folder);
        } catch (IOException e) {
            throw InputFile.failure(folder, e);
        }
    }

    /** Bytes of everything in the folder. */
    static long size(Path folder) throws IOException {
        long size = 0;
        try (Stream<Path> entries = Files.list(folder)) {
            for (Path file : entries.toList()) {
                size += Files.size(file);
            }
        }
        return size;
    }

    /** What the work belongs to. */
    static Path key(Path folder) {
        return folder.resolve("key.json");
    }

    /** The tensors' bytes of a step. */
    static Path bytes(Path folder, int step) {
        return folder.resolve("step-" + step + ".bin");
    }

    /** What {@link #bytes} holds; written last. */
    static Path list(Path folder, int step) {
        return folder.resolve("step-" + step + ".json");
    }

    /** Whether a step need not be done again. */
    static boolean done(Path folder, int step) {
        return Files.exists(list(folder, step)) && Files.exists(bytes(folder, step));
    }

    /** Steps from the first on that are done. */
    static int finished(Path folder) {
        int n = 0;
        while (done(folder, n)) {
            n++;
        }
        return n;
    }

    static void save(Path path, ObjectNode json) {
        byte[] bytes = Json.pretty(json).getBytes(StandardCharsets.UTF_8);
        try (AtomicFile file = AtomicFile.create(path, true, bytes.length)) {
            file.write(0, ByteBuffer.wrap(bytes));
            file.commit();
        }
    }

    /** What an error of writing is called; reading has {@link InputFile#failure}. */
    static IngotException.ReadWrite unwritable(Path path, IOException e) {
        return new IngotException.ReadWrite(
                Text.path(path) + ": cannot be written: " + Folders.reason(e)
                        + "; what is finished stays, and --resume goes on behind it",
                e);
    }
}
