package ingot.formats.safetensors;

import ingot.formats.IngotException;
import ingot.formats.Numbers;
import ingot.formats.TensorInfo;
import ingot.formats.io.InputFile;
import ingot.formats.io.TensorFile;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.SequencedMap;

/**
 * A safetensors file, read strictly: {@code u64 N (LE) | N bytes of JSON header | data}. Only the header is read on
 * opening; tensors are read on demand.
 */
public final class SafetensorsFile implements TensorFile {
    /** Longest header accepted, as in the reference parser. */
    public static final long MAX_HEADER = 100_000_000;

    /** The one key of metadata whose text may be long: the manifest of an .ingot file. */
    public static final String LONG_KEY = "ingot.manifest";

    private final InputFile input;
    private final HeaderParser.Header header;
    private final long dataStart;

    private SafetensorsFile(InputFile input, HeaderParser.Header header, long dataStart) {
        this.input = input;
        this.header = header;
        this.dataStart = dataStart;
    }

    /**
     * Opens and checks the header against every rule of the format.
     *
     * @throws IngotException.BadData naming file, tensor and offset when a rule is broken
     * @throws IngotException.MissingInput when there is no such file
     */
    public static SafetensorsFile open(Path path) {
        return open(path, true);
    }

    /**
     * {@link #open} of a file of weights: its metadata is checked, but not kept. Of the shards of a model each may have 80 MB
     * of it.
     */
    public static SafetensorsFile openWeights(Path path) {
        return open(path, false);
    }

    private static SafetensorsFile open(Path path, boolean metadata) {
        InputFile input = InputFile.open(path);
        try {
            if (input.size() < 8) {
                throw IngotException.BadData.in(
                        path, input.size() + " bytes; a safetensors file begins with 8 bytes of header length");
            }
            ByteBuffer prefix = ByteBuffer.allocate(8);
            input.read(0, prefix);
            long n = MemorySegment.ofArray(prefix.array()).get(Numbers.LE_LONG, 0);
            if (n < 0 || n > MAX_HEADER) {
                throw IngotException.BadData.at(
                        path,
                        0,
                        "header length " + Long.toUnsignedString(n) + "; at most " + MAX_HEADER
                                + " is accepted (is this a safetensors file?)");
            }
            if (n > input.size() - 8) {
                throw IngotException.BadData.at(
                        path,
                        0,
                        "header length " + n + " reaches past the end of the file (" + input.size() + " bytes)");
            }
            byte[] json = new byte[(int) n];
            input.read(8, ByteBuffer.wrap(json));
            long dataStart = 8 + n;
            long dataBytes = input.size() - dataStart;
            return new SafetensorsFile(
                    input, HeaderParser.parse(json, path, dataStart, dataBytes, metadata), dataStart);
        } catch (RuntimeException | Error e) {
            input.close();
            throw e;
        }
    }

    /** Offset of the data: 8 + header length. */
    public long dataStart() {
        return dataStart;
    }

    /** The free-form {@code __metadata__}; empty when absent, or not kept. */
    public Map<String, String> metadata() {
        return header.metadata();
    }

    @Override
    public SequencedMap<String, TensorInfo> tensors() {
        return header.tensors();
    }

    @Override
    public void read(TensorInfo tensor, long byteOffset, MemorySegment destination) {
        java.util.Objects.checkFromIndexSize(byteOffset, destination.byteSize(), tensor.bytes());
        input.read(tensor.offset() + byteOffset, destination);
    }

    @Override
    public InputFile input() {
        return input;
    }

    @Override
    public void close() {
        input.close();
    }
}
