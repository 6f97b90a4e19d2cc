package ingot.formats.gguf;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * Metadata to be written: pairs in the order in which they are put, each as the bytes it has in the file. Keys are ASCII and
 * put once.
 */
public final class MetadataWriter {
    private final SequencedMap<String, byte[]> pairs = new LinkedHashMap<>();

    /** Puts a string. */
    public MetadataWriter text(String key, String value) {
        return put(key, ValueType.STRING, string(value));
    }

    /** Puts a u32. */
    public MetadataWriter u32(String key, int value) {
        return put(key, ValueType.UINT32, little(4).putInt(value).array());
    }

    /** Puts a u16. */
    public MetadataWriter u16(String key, int value) {
        return put(key, ValueType.UINT16, little(2).putShort((short) value).array());
    }

    /** Puts an i32. */
    public MetadataWriter i32(String key, int value) {
        return put(key, ValueType.INT32, little(4).putInt(value).array());
    }

    /** Puts an f32. */
    public MetadataWriter f32(String key, double value) {
        return put(key, ValueType.FLOAT32, little(4).putFloat((float) value).array());
    }

    /** Puts a truth value. */
    public MetadataWriter flag(String key, boolean value) {
        return put(key, ValueType.BOOL, new byte[] {(byte) (value ? 1 : 0)});
    }

    /** Puts an array of strings. */
    public MetadataWriter texts(String key, List<String> values) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(arrayHead(ValueType.STRING, values.size()));
        values.forEach(v -> out.writeBytes(string(v)));
        return put(key, ValueType.ARRAY, out.toByteArray());
    }

    /** Puts an array of i32. */
    public MetadataWriter integers(String key, List<Integer> values) {
        ByteBuffer out = little(12 + 4 * values.size());
        out.put(arrayHead(ValueType.INT32, values.size()));
        values.forEach(out::putInt);
        return put(key, ValueType.ARRAY, out.array());
    }

    private MetadataWriter put(String key, ValueType type, byte[] value) {
        byte[] name = string(key);
        byte[] pair = little(name.length + 4 + value.length)
                .put(name)
                .putInt(type.id())
                .put(value)
                .array();
        if (pairs.putIfAbsent(key, pair) != null) {
            throw new IllegalArgumentException("metadata key " + key + " twice");
        }
        return this;
    }

    int size() {
        return pairs.size();
    }

    long bytes() {
        return pairs.values().stream().mapToLong(p -> p.length).sum();
    }

    /** Appends the pairs to {@code out}. */
    void write(ByteBuffer out) {
        for (Map.Entry<String, byte[]> pair : pairs.entrySet()) {
            out.put(pair.getValue());
        }
    }

    static byte[] string(String value) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        return little(8 + utf8.length).putLong(utf8.length).put(utf8).array();
    }

    private static byte[] arrayHead(ValueType element, int count) {
        return little(12).putInt(element.id()).putLong(count).array();
    }

    static ByteBuffer little(int capacity) {
        return ByteBuffer.allocate(capacity).order(ByteOrder.LITTLE_ENDIAN);
    }
}
