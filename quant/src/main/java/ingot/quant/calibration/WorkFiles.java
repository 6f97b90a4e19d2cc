package ingot.quant.calibration;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.ingot.Checksum;
import ingot.formats.io.AtomicFile;
import ingot.formats.io.Folders;
import ingot.formats.io.InputFile;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
        try {
            for (Path file : inOrderOfRemoval(folder)) {
                Files.deleteIfExists(file);
            }
            Files.delete(folder);
        } catch (IOException e) {
            throw InputFile.failure(folder, e);
        }
    }

    /** The key first: whatever a removal that is killed leaves, nobody takes it up again. */
    static List<Path> inOrderOfRemoval(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.sorted(Comparator.comparing((Path e) -> !e.equals(key(folder)))
                            .thenComparing(Folders::name))
                    .toList();
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

    /** Says whose work it is. */
    static Path key(Path folder) {
        return folder.resolve("key.json");
    }

    /**
     * Whether there is work under this key.
     *
     * @throws IngotException.Usage when there is work under another one
     */
    static boolean hasKey(Path folder, ObjectNode key) {
        Path saved = key(folder);
        if (!Files.exists(saved)) {
            return false;
        }
        // As text: a number read back may have another width.
        if (!Json.compact(Json.readObject(saved, JsonBound.INPUT)).equals(Json.compact(key))) {
            throw new IngotException.Usage(Text.path(folder)
                    + " holds the work of a conversion with another source or other options; repeat its command, or"
                    + " convert without --resume to begin anew");
        }
        return true;
    }

    /** SHA-256 by name, of the files that are there. */
    static Map<String, String> hashes(List<Path> files) {
        Map<String, String> hashes = new LinkedHashMap<>();
        for (Path file : files) {
            if (Files.exists(file)) {
                hashes.put(Folders.name(file), sha256(file));
            }
        }
        return hashes;
    }

    /** SHA-256 of a file, in hexadecimal digits. */
    static String sha256(Path path) {
        try (InputFile file = InputFile.open(path)) {
            return Checksum.sha256(file, 0, file.size(), read -> {});
        }
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
                Text.path(path) + ": cannot be written: " + Text.reason(e)
                        + "; what is finished stays, and --resume goes on behind it",
                e);
    }
}
