package ingot.tests.hostile;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/** The committed inputs of a target: one archive, {@code tests/fuzz/corpus/TARGET.zip}, since they are many and tiny. */
final class FuzzInputs {
    private FuzzInputs() {}

    static Path archive(Path root, FuzzTarget target) {
        return root.resolve("tests/fuzz/corpus").resolve(target.label() + ".zip");
    }

    /** Name → bytes. */
    static SequencedMap<String, byte[]> read(Path archive) throws IOException {
        SequencedMap<String, byte[]> inputs = new LinkedHashMap<>();
        try (var zip = new ZipInputStream(Files.newInputStream(archive))) {
            for (ZipEntry e = zip.getNextEntry(); e != null; e = zip.getNextEntry()) {
                inputs.put(e.getName(), zip.readAllBytes());
            }
        }
        return inputs;
    }

    /** {@code unpack ARCHIVE FOLDER} or {@code pack FOLDER ARCHIVE}; the same files make the same archive. */
    public static void main(String[] args) throws IOException {
        switch (args[0]) {
            case "unpack" -> {
                Path folder = Files.createDirectories(Path.of(args[2]));
                for (var input : read(Path.of(args[1])).entrySet()) {
                    Files.write(folder.resolve(Path.of(input.getKey()).getFileName()), input.getValue());
                }
            }
            case "pack" -> pack(Path.of(args[1]), Files.newOutputStream(Path.of(args[2])));
            default -> throw new IllegalArgumentException(args[0]);
        }
    }

    private static void pack(Path folder, OutputStream out) throws IOException {
        List<Path> files;
        try (Stream<Path> list = Files.list(folder)) {
            files = list.sorted().toList();
        }
        try (var zip = new ZipOutputStream(out)) {
            zip.setLevel(9);
            for (Path file : files) {
                ZipEntry entry = new ZipEntry(folder.relativize(file).toString());
                entry.setLastModifiedTime(FileTime.fromMillis(1_600_000_000_000L));
                zip.putNextEntry(entry);
                zip.write(Files.readAllBytes(file));
                zip.closeEntry();
            }
        }
    }
}
