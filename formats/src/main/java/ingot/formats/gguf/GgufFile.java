package ingot.formats.gguf;

import ingot.formats.IngotException;
import ingot.formats.io.Folders;
import ingot.formats.io.InputFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Objects;
import java.util.SequencedMap;

/** One GGUF file, read strictly. Only the header is read on opening; tensors are read on demand, as they are stored. */
public final class GgufFile implements AutoCloseable {
    private final InputFile input;
    private final HeaderReader.Header header;

    private GgufFile(InputFile input, HeaderReader.Header header) {
        this.input = input;
        this.header = header;
    }

    /**
     * Whether the file begins as a GGUF file does, whatever its name; or is called one and begins as nothing else that is
     * read, so that opening it says what is wrong. False for anything but a readable regular file.
     */
    public static boolean recognises(Path path) {
        if (!Files.isRegularFile(path)) {
            return false;
        }
        try (var in = Files.newInputStream(path)) {
            String head = new String(in.readNBytes(9), StandardCharsets.ISO_8859_1);
            // A safetensors header begins with a brace behind its length.
            boolean other = head.startsWith("PK") || head.endsWith("{");
            return head.startsWith("GGUF") || (Folders.name(path).endsWith(".gguf") && !other);
        } catch (IOException e) {
            return false;
        }
    }

    /** What the files of one model have in common: the file's name, with a star for its number in a split set. */
    public static String modelName(Path path) {
        return SplitFiles.modelName(Folders.name(path));
    }

    /**
     * Opens a file and checks its header against every rule of the format.
     *
     * @throws IngotException.BadData naming file, key or tensor and offset when a rule is broken
     * @throws IngotException.MissingInput when there is no such file
     */
    public static GgufFile open(Path path) {
        return open(path, new HeaderReader.Budget());
    }

    /** {@link #open(Path)} of one of several files of a model, whose headers share a bound. */
    static GgufFile open(Path path, HeaderReader.Budget budget) {
        InputFile input = InputFile.open(path);
        try {
            return new GgufFile(input, HeaderReader.read(input, budget));
        } catch (RuntimeException | Error e) {
            input.close();
            throw e;
        }
    }

    public Path path() {
        return input.path();
    }

    /** Length of the file in bytes. */
    public long size() {
        return input.size();
    }

    /** Version of the format: 2 or 3. */
    public int version() {
        return header.version();
    }

    /** Bytes to a multiple of which every tensor is padded. */
    public int alignment() {
        return header.alignment();
    }

    /** The tensors in the order of the file. */
    public SequencedMap<String, GgufTensor> tensors() {
        return Collections.unmodifiableSequencedMap(header.tensors());
    }

    /** Every metadata key with its value in short: arrays as their length. */
    public SequencedMap<String, String> describeMetadata() {
        SequencedMap<String, String> out = new LinkedHashMap<>();
        header.metadata().keys().forEach(k -> out.put(k, header.metadata().describe(k)));
        return out;
    }

    Metadata metadata() {
        return header.metadata();
    }

    /** Fills {@code destination} with the stored bytes of a tensor from {@code byteOffset} on. */
    public void read(GgufTensor tensor, long byteOffset, MemorySegment destination) {
        Objects.checkFromIndexSize(byteOffset, destination.byteSize(), tensor.bytes());
        input.read(tensor.offset() + byteOffset, destination);
    }

    /** The file itself, for hashing and for the check that it did not change. */
    public InputFile input() {
        return input;
    }

    @Override
    public void close() {
        input.close();
    }
}
