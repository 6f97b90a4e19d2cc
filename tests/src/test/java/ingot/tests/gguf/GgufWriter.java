package ingot.tests.gguf;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes GGUF files from the text of the specification (ggml/docs/gguf.md), without anything of Ingot's reader, so that one
 * thing at a time can be made wrong: counts, types, dimensions, offsets.
 */
public final class GgufWriter {
    public static final int U8 = 0;
    public static final int U32 = 4;
    public static final int I32 = 5;
    public static final int F32 = 6;
    public static final int BOOL = 7;
    public static final int STRING = 8;
    public static final int ARRAY = 9;
    public static final int U64 = 10;

    /** A tensor; dimensions innermost first, as the file lists them. */
    public record Tensor(byte[] name, int type, long[] dims, byte[] data, long offset) {}

    private final List<byte[]> pairs = new ArrayList<>();
    private final List<Tensor> tensors = new ArrayList<>();
    private int version = 3;
    private int alignment = 32;
    private long pairCount = -1;
    private long tensorCount = -1;
    private long end;

    public static byte[] le32(int value) {
        return ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(value)
                .array();
    }

    public static byte[] le64(long value) {
        return ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array();
    }

    /** u64 length, then the bytes. */
    public static byte[] string(String text) {
        return string(text.getBytes(StandardCharsets.UTF_8));
    }

    public static byte[] string(byte[] utf8) {
        return concat(le64(utf8.length), utf8);
    }

    public static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }

    public GgufWriter version(int n) {
        version = n;
        return this;
    }

    /** Aligns to another number of bytes; the key is up to the caller. */
    public GgufWriter alignment(int bytes) {
        alignment = bytes;
        return this;
    }

    /** Another count in the header than there are. */
    public GgufWriter countPairs(long n) {
        pairCount = n;
        return this;
    }

    public GgufWriter countTensors(long n) {
        tensorCount = n;
        return this;
    }

    /** A pair by its bytes behind the key: type and value. */
    public GgufWriter pair(String key, int type, byte[] value) {
        return pair(concat(string(key), le32(type), value));
    }

    public GgufWriter pair(byte[] raw) {
        pairs.add(raw);
        return this;
    }

    public GgufWriter text(String key, String value) {
        return pair(key, STRING, string(value));
    }

    public GgufWriter u32(String key, int value) {
        return pair(key, U32, le32(value));
    }

    public GgufWriter f32(String key, float value) {
        return pair(key, F32, le32(Float.floatToRawIntBits(value)));
    }

    public GgufWriter flag(String key, boolean value) {
        return pair(key, BOOL, new byte[] {(byte) (value ? 1 : 0)});
    }

    public GgufWriter strings(String key, List<String> values) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(le32(STRING));
        out.writeBytes(le64(values.size()));
        values.forEach(v -> out.writeBytes(string(v)));
        return pair(key, ARRAY, out.toByteArray());
    }

    public GgufWriter ints(String key, List<Integer> values) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(le32(I32));
        out.writeBytes(le64(values.size()));
        values.forEach(v -> out.writeBytes(le32(v)));
        return pair(key, ARRAY, out.toByteArray());
    }

    /** Removes a pair. */
    public GgufWriter without(String key) {
        pairs.removeIf(p -> startsWith(p, string(key)));
        return this;
    }

    /** Adds a tensor behind the others. */
    public GgufWriter tensor(String name, int type, byte[] data, long... dims) {
        return tensorAt(name, type, data, end, dims);
    }

    /** Adds a tensor at an offset of the caller's choice. */
    public GgufWriter tensorAt(String name, int type, byte[] data, long offset, long... dims) {
        tensors.add(new Tensor(name.getBytes(StandardCharsets.UTF_8), type, dims, data, offset));
        end = padded(Math.max(0, offset) + data.length);
        return this;
    }

    /** Replaces the entry of a tensor, keeping its place. */
    public GgufWriter replace(String name, int type, byte[] data, long... dims) {
        for (int i = 0; i < tensors.size(); i++) {
            if (new String(tensors.get(i).name(), StandardCharsets.UTF_8).equals(name)) {
                long offset = tensors.get(i).offset();
                tensors.set(i, new Tensor(tensors.get(i).name(), type, dims, data, offset));
                return this;
            }
        }
        throw new IllegalArgumentException("no tensor " + name);
    }

    private long padded(long n) {
        return (n + alignment - 1) / alignment * alignment;
    }

    private static boolean startsWith(byte[] all, byte[] prefix) {
        return all.length >= prefix.length && java.util.Arrays.equals(all, 0, prefix.length, prefix, 0, prefix.length);
    }

    /** Magic, version, counts, pairs and entries, without the padding behind them. */
    public byte[] header() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
        out.writeBytes(le32(version));
        out.writeBytes(le64(tensorCount >= 0 || tensorCount < -1 ? tensorCount : tensors.size()));
        out.writeBytes(le64(pairCount >= 0 || pairCount < -1 ? pairCount : pairs.size()));
        pairs.forEach(out::writeBytes);
        for (Tensor t : tensors) {
            out.writeBytes(string(t.name()));
            out.writeBytes(le32(t.dims().length));
            for (long d : t.dims()) {
                out.writeBytes(le64(d));
            }
            out.writeBytes(le32(t.type()));
            out.writeBytes(le64(t.offset()));
        }
        return out.toByteArray();
    }

    public byte[] build() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(header());
        int dataStart = (int) padded(out.size());
        for (Tensor t : tensors) {
            if (t.offset() >= 0 && t.offset() < 1 << 30) {
                out.writeBytes(new byte[(int) Math.max(0, dataStart + t.offset() - out.size())]);
            }
            out.writeBytes(t.data());
        }
        out.writeBytes(new byte[(int) (padded(out.size()) - out.size())]);
        return out.toByteArray();
    }

    public Path write(Path file) throws IOException {
        return Files.write(file, build());
    }

    /** A file of one pair and one tensor as a big-endian machine writes it. */
    public static byte[] bigEndian() {
        byte[] key = "general.architecture".getBytes(StandardCharsets.US_ASCII);
        ByteBuffer out = ByteBuffer.allocate(256).order(ByteOrder.BIG_ENDIAN);
        out.put("GGUF".getBytes(StandardCharsets.US_ASCII)).putInt(3).putLong(1).putLong(1);
        out.putLong(key.length).put(key).putInt(STRING).putLong(5).put("qwen2".getBytes(StandardCharsets.US_ASCII));
        out.putLong(1).put((byte) 'x').putInt(1).putLong(8).putInt(0).putLong(0);
        return out.array();
    }
}
