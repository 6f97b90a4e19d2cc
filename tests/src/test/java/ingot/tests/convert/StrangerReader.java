package ingot.tests.convert;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A reader of .ingot files as a stranger would write it in an afternoon: from docs/format.md, sharing no code. */
final class StrangerReader {
    private static final float[] NF4 = {
        -1f,
        -0.6961928009986877f,
        -0.5250730514526367f,
        -0.39491748809814453f,
        -0.28444138169288635f,
        -0.18477343022823334f,
        -0.09105003625154495f,
        0f,
        0.07958029955625534f,
        0.16093020141124725f,
        0.24611230194568634f,
        0.33791524171829224f,
        0.44070982933044434f,
        0.5626170039176941f,
        0.7229568362236023f,
        1f
    };

    private static final float[] MAP = dynamicMap();

    final Map<String, Tensor> tensors = new LinkedHashMap<>();
    final Map<String, Weight> weights = new LinkedHashMap<>();
    final JsonNode manifest;
    private final ByteBuffer file;
    private final int dataStart;

    record Tensor(String name, String dtype, long[] shape, int begin, int end) {}

    record Weight(String name, long[] shape, JsonNode layout, List<Tensor> parts) {
        int cols() {
            return (int) shape[shape.length - 1];
        }

        int rows() {
            return (int) (Arrays.stream(shape).reduce(1, (a, b) -> a * b) / cols());
        }
    }

    StrangerReader(Path path) throws IOException {
        file = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
        int n = (int) file.getLong(0);
        dataStart = 8 + n;
        check(dataStart % 64 == 0, "data is aligned");
        JsonMapper json = new JsonMapper();
        JsonNode header = json.readTree(new String(file.array(), 8, n, StandardCharsets.UTF_8));
        JsonNode metadata = header.get("__metadata__");
        check(metadata.get("format").stringValue().equals("ingot"), "format");
        check(metadata.get("ingot.version").stringValue().startsWith("1."), "version");
        List<Tensor> found = new ArrayList<>();
        header.properties().stream()
                .filter(e -> !e.getKey().equals("__metadata__"))
                .forEach(e -> {
                    JsonNode t = e.getValue();
                    found.add(new Tensor(
                            e.getKey(),
                            t.get("dtype").stringValue(),
                            longs(t.get("shape")),
                            dataStart + t.get("data_offsets").get(0).intValue(),
                            dataStart + t.get("data_offsets").get(1).intValue()));
                });
        found.sort(Comparator.comparingInt(Tensor::begin).thenComparingInt(Tensor::end));
        found.forEach(t -> tensors.put(t.name(), t));
        manifest = json.readTree(metadata.get("ingot.manifest").stringValue());
        for (JsonNode t : manifest.get("tensors")) {
            List<Tensor> parts = new ArrayList<>();
            t.get("parts").forEach(p -> parts.add(tensors.get(p.stringValue())));
            String name = t.get("name").stringValue();
            weights.put(name, new Weight(name, longs(t.get("shape")), t.get("layout"), parts));
        }
    }

    private static long[] longs(JsonNode array) {
        return array.valueStream().mapToLong(JsonNode::longValue).toArray();
    }

    static void check(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }

    /** Section 6. */
    void verifyChecksums() throws GeneralSecurityException {
        List<Tensor> all = new ArrayList<>(tensors.values());
        Tensor table = all.removeLast();
        check(table.name().equals("ingot.checksums"), "the last tensor holds the checksums");
        check(Arrays.equals(table.shape(), new long[] {all.size() + 1, 36}), "one entry each");
        verify(0, dataStart, table.begin());
        for (int i = 0; i < all.size(); i++) {
            verify(all.get(i).begin(), all.get(i).end(), table.begin() + 36 * (i + 1));
        }
    }

    private void verify(int begin, int end, int entry) throws GeneralSecurityException {
        CRC32C crc = new CRC32C();
        crc.update(file.array(), begin, end - begin);
        check(file.getInt(entry) == (int) crc.getValue(), "CRC32C at " + begin);
        MessageDigest sha = MessageDigest.getInstance("SHA-256");
        sha.update(file.array(), begin, end - begin);
        byte[] stated = Arrays.copyOfRange(file.array(), entry + 4, entry + 36);
        check(Arrays.equals(sha.digest(), stated), "SHA-256 at " + begin);
    }

    /** Section 3: every weight of a tensor, row-major. */
    float[] values(Weight w) {
        String type = w.layout().get("type").stringValue();
        return switch (type) {
            case "f32", "f16", "bf16" -> dense(w, type);
            default -> blocks(w, type);
        };
    }

    private float[] dense(Weight w, String type) {
        Tensor part = w.parts().getFirst();
        check(Arrays.equals(part.shape(), w.shape()), "a dense tensor has its own shape");
        check(part.dtype().equalsIgnoreCase(type), "dtype");
        float[] out = new float[w.rows() * w.cols()];
        for (int i = 0; i < out.length; i++) {
            out[i] = switch (type) {
                case "f32" -> file.getFloat(part.begin() + 4 * i);
                case "f16" -> Float.float16ToFloat(file.getShort(part.begin() + 2 * i));
                default -> Float.intBitsToFloat(file.getShort(part.begin() + 2 * i) << 16);
            };
        }
        return out;
    }

    private static final int[] IQ4 = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

    private float[] blocks(Weight w, String type) {
        int cols = w.cols();
        int[] codes = codes(w);
        float[] scales = scales(w);
        float[] out = new float[codes.length];
        for (int i = 0; i < out.length; i++) {
            float scale = scales[i / cols * (scales.length / w.rows()) + i % cols / group(w)];
            out[i] = switch (type) {
                case "iq4" -> IQ4[codes[i]] * scale;
                case "nf4" -> NF4[codes[i]] * scale;
                default -> codes[i] * scale;
            };
        }
        return out;
    }

    private static int group(Weight w) {
        JsonNode stated = w.layout().path("group");
        return stated.isMissingNode() ? 64 : stated.isString() ? (w.cols() + 31) / 32 * 32 : stated.intValue();
    }

    /** The integer, or the index into a table, of every weight of a matrix in blocks, row-major. */
    int[] codes(Weight w) {
        String type = w.layout().get("type").stringValue();
        int cols = w.cols();
        int n = (cols + group(w) - 1) / group(w);
        int[] planes = switch (type) {
            case "int8" -> new int[] {8};
            case "int6" -> new int[] {4, 2};
            case "int5" -> new int[] {4, 1};
            case "int3" -> new int[] {2, 1};
            case "int4", "iq4", "nf4" -> new int[] {4};
            default -> throw new AssertionError(type);
        };
        int bias = type.startsWith("int") ? 1 << (type.charAt(3) - '1') : 0;
        int[] out = new int[w.rows() * cols];
        for (int row = 0; row < w.rows(); row++) {
            for (int col = 0; col < cols; col++) {
                int span = row / 16 * (n * group(w) / 32) + col / 32;
                out[row * cols + col] = code(w, planes, span, row % 16, col % 32) - bias;
            }
        }
        return out;
    }

    /** The scales of a matrix in blocks, by row and group. */
    float[] scales(Weight w) {
        int n = (w.cols() + group(w) - 1) / group(w);
        boolean nf4 = w.layout().get("type").stringValue().equals("nf4");
        float[] out = new float[w.rows() * n];
        for (int row = 0; row < w.rows(); row++) {
            for (int g = 0; g < n; g++) {
                int at = (row / 16 * n + g) * 16 + row % 16;
                out[row * n + g] = nf4 ? absmax(w, at, (row * n + g) / 256) : f16(w, at);
            }
        }
        return out;
    }

    /** The stored code of a column of a span of 32. */
    private int code(Weight w, int[] planes, int span, int lane, int col) {
        int code = 0;
        int line = span * Arrays.stream(planes).sum();
        int below = 0;
        for (int width : planes) {
            int perWord = 32 / width;
            int word = (line + col / perWord) * 16 + lane;
            int field = col % perWord / 4;
            int b = file.get(w.parts().getFirst().begin() + 4 * word + col % 4) & 0xFF;
            code |= (b >> width * field & (1 << width) - 1) << below;
            line += width;
            below += width;
        }
        return code;
    }

    private float f16(Weight w, int index) {
        return Float.float16ToFloat(file.getShort(w.parts().get(1).begin() + 2 * index));
    }

    private float absmax(Weight w, int index, int nested) {
        if (w.parts().size() == 2) {
            return file.getFloat(w.parts().get(1).begin() + 4 * index);
        }
        float map = MAP[file.get(w.parts().get(1).begin() + index) & 0xFF];
        return map * file.getFloat(w.parts().get(2).begin() + 4 * nested)
                + file.getFloat(w.parts().get(3).begin());
    }

    private static float[] dynamicMap() {
        List<Float> values = new ArrayList<>(List.of(0f, 1f));
        for (int i = 0; i < 7; i++) {
            int steps = 1 << i;
            float scale = (float) (1 / BigInteger.TEN.pow(6 - i).doubleValue());
            for (int j = 0; j < steps; j++) {
                float middle = (linspace(j, steps) + linspace(j + 1, steps)) / 2;
                values.add(scale * middle);
                values.add(-scale * middle);
            }
        }
        values.sort(null);
        float[] map = new float[256];
        for (int i = 0; i < 256; i++) {
            map[i] = values.get(i);
        }
        return map;
    }

    private static float linspace(int j, int steps) {
        float step = (1 - 0.1f) / steps;
        return 2 * j < steps + 1 && j < (steps + 1) / 2
                ? Math.fma(step, (float) j, 0.1f)
                : Math.fma(-step, (float) (steps - j), 1f);
    }
}
