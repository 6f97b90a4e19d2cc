package ingot.tests.quantized;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** A safetensors file beside a config.json, written from bytes by hand. */
final class FolderBuilder {
    record Entry(String dtype, long[] shape, byte[] bytes) {}

    final Map<String, Entry> tensors = new LinkedHashMap<>();

    void put(String name, String dtype, byte[] bytes, long... shape) {
        tensors.put(name, new Entry(dtype, shape, bytes));
    }

    void ints(String name, int[] values, long... shape) {
        ByteBuffer b = buffer(4 * values.length);
        Arrays.stream(values).forEach(b::putInt);
        put(name, "I32", b.array(), shape);
    }

    void longs(String name, long... values) {
        ByteBuffer b = buffer(8 * values.length);
        Arrays.stream(values).forEach(b::putLong);
        put(name, "I64", b.array(), values.length);
    }

    /** Values are rounded to the type, which the caller may rely on having done already. */
    void floats(String name, String dtype, float[] values, long... shape) {
        ByteBuffer b = buffer((dtype.equals("F32") ? 4 : 2) * values.length);
        for (float v : values) {
            switch (dtype) {
                case "F32" -> b.putFloat(v);
                case "F16" -> b.putShort(Float.floatToFloat16(v));
                case "BF16" -> b.putShort((short) (Float.floatToRawIntBits(v) >>> 16));
                default -> throw new IllegalArgumentException(dtype);
            }
        }
        put(name, dtype, b.array(), shape);
    }

    private static ByteBuffer buffer(int n) {
        return ByteBuffer.allocate(n).order(ByteOrder.LITTLE_ENDIAN);
    }

    Path write(Path folder, String config) {
        try {
            Files.createDirectories(folder);
            Files.writeString(folder.resolve("config.json"), config);
            writeFile(folder.resolve("model.safetensors"));
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void writeFile(Path file) throws IOException {
        StringBuilder header = new StringBuilder("{");
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        tensors.forEach((name, t) -> {
            header.append(header.length() == 1 ? "" : ",")
                    .append('"' + name + "\":{\"dtype\":\"" + t.dtype + "\",\"shape\":" + Arrays.toString(t.shape)
                            + ",\"data_offsets\":[" + data.size() + "," + (data.size() + t.bytes.length) + "]}");
            data.writeBytes(t.bytes);
        });
        byte[] json = header.append('}').toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer prefix = buffer(8).putLong(0, json.length);
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(prefix.array());
        all.writeBytes(json);
        data.writeTo(all);
        Files.write(file, all.toByteArray());
    }
}
