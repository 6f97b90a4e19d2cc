package ingot.quant.folder;

import ingot.formats.DType;
import ingot.formats.Shape;
import ingot.formats.block.Grouping;
import ingot.formats.json.Json;
import ingot.quant.scheme.IntegerCodes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/**
 * compressed-tensors. 4 bits, {@code pack-quantized}: {@code weight_packed} I32 [out, ⌈in ÷ 8⌉], q + 8 in four bits each, the
 * first in the lowest; {@code weight_shape} I64 [2]. 8 bits, {@code int-quantized}: {@code weight} I8 [out, in]. Both with
 * {@code weight_scale} F16 [out, groups].
 */
public record CompressedFormat(int bits, int group) implements IntegerFormat {
    private static final int RUN = 1 << 20;
    private static final int PER_WORD = 8;

    @Override
    public String describe() {
        return "compressed-tensors int" + bits + (group == Grouping.CHANNEL ? " channel" : " g" + group);
    }

    @Override
    public String obstacle(long rows, int cols) {
        return cols % groupOf(cols) == 0 ? "" : "rows of " + cols + " are no whole groups of " + group;
    }

    @Override
    public List<Part> parts(String module, long rows, int cols) {
        List<Part> parts = new ArrayList<>();
        if (bits == 4) {
            parts.add(new Part(module + ".weight_packed", DType.I32, new Shape(rows, words(cols))));
            parts.add(new Part(module + ".weight_shape", DType.I64, new Shape(2)));
        } else {
            parts.add(new Part(module + ".weight", DType.I8, new Shape(rows, cols)));
        }
        parts.add(new Part(module + ".weight_scale", DType.F16, new Shape(rows, groups(cols))));
        return parts;
    }

    private static int words(int cols) {
        return (cols + PER_WORD - 1) / PER_WORD;
    }

    @Override
    public void write(IntegerCodes codes, String module, Sink sink) {
        int cols = codes.cols();
        int groups = codes.groups();
        int step = (int) Math.min(Math.max(1, RUN / cols), codes.rows());
        byte[] q = new byte[Math.multiplyExact(step, cols)];
        short[] s = new short[step * groups];
        long line = bits == 4 ? 4L * words(cols) : cols;
        for (long row = 0; row < codes.rows(); row += step) {
            int n = (int) Math.min(step, codes.rows() - row);
            codes.read(row, n, q, s);
            ByteBuffer data = bits == 4 ? pack(q, n, cols) : ByteBuffer.wrap(q, 0, n * cols);
            sink.write(module + (bits == 4 ? ".weight_packed" : ".weight"), row * line, data);
            ByteBuffer scales = little(2 * n * groups);
            for (int i = 0; i < n * groups; i++) {
                scales.putShort(s[i]);
            }
            sink.write(module + ".weight_scale", row * groups * 2, scales.flip());
        }
        if (bits == 4) {
            sink.write(
                    module + ".weight_shape",
                    0,
                    little(16).putLong(codes.rows()).putLong(cols).flip());
        }
    }

    private static ByteBuffer pack(byte[] q, int n, int cols) {
        ByteBuffer out = little(4 * n * words(cols));
        for (int row = 0; row < n; row++) {
            for (int from = 0; from < cols; from += PER_WORD) {
                int word = 0;
                for (int j = 0; j < Math.min(PER_WORD, cols - from); j++) {
                    word |= q[row * cols + from + j] + 8 << 4 * j;
                }
                out.putInt(word);
            }
        }
        return out.flip();
    }

    private static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public ObjectNode config(List<String> plain) {
        String format = bits == 4 ? "pack-quantized" : "int-quantized";
        ObjectNode node = Json.object();
        node.put("quant_method", "compressed-tensors");
        node.put("format", format);
        node.put("quantization_status", "compressed");
        ObjectNode first = node.putObject("config_groups").putObject("group_0");
        first.putArray("targets").add("Linear");
        ObjectNode weights = first.putObject("weights");
        weights.put("num_bits", bits);
        weights.put("type", "int");
        weights.put("symmetric", true);
        weights.put("strategy", group == Grouping.CHANNEL ? "channel" : "group");
        if (group == Grouping.CHANNEL) {
            weights.putNull("group_size");
        } else {
            weights.put("group_size", group);
        }
        weights.put("dynamic", false);
        first.putNull("input_activations");
        first.putNull("output_activations");
        var ignore = node.putArray("ignore");
        plain.forEach(ignore::add);
        node.putNull("kv_cache_scheme");
        return node;
    }
}
