package ingot.quant.folder;

import ingot.formats.DType;
import ingot.formats.Shape;
import ingot.formats.block.Grouping;
import ingot.formats.json.Json;
import ingot.quant.scheme.IntegerCodes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.node.ObjectNode;

/**
 * GPTQ as AutoGPTQ and GPTQModel store it, {@code checkpoint_format: gptq}: everything transposed, {@code qweight} I32
 * [in ÷ p, out] with p = 32 ÷ bits codes of neighbouring inputs in a word, the first in the lowest bits, stored as q + 2^(bits
 * − 1); {@code qzeros} I32 [groups, out ÷ p] with the zero point less one in every field; {@code scales} F16 [groups, out];
 * {@code g_idx} I32 [in], the group of every input.
 */
public record GptqFormat(int bits, int group) implements IntegerFormat {
    /** Bytes of packed codes in hand. */
    private static final int TILE = 16 << 20;

    /** Weights read at a time. */
    private static final int RUN = 1 << 20;

    private int perWord() {
        return 32 / bits;
    }

    @Override
    public String describe() {
        return "gptq int" + bits + (group == Grouping.CHANNEL ? " channel" : " g" + group);
    }

    @Override
    public String obstacle(long rows, int cols) {
        boolean words = rows % perWord() == 0 && cols % perWord() == 0;
        boolean wholeGroups = cols % groupOf(cols) == 0;
        return words && wholeGroups
                ? ""
                : rows + " x " + cols + " is no multiple of " + perWord() + " both ways or of groups of " + group;
    }

    @Override
    public List<Part> parts(String module, long rows, int cols) {
        return List.of(
                new Part(module + ".qweight", DType.I32, new Shape(cols / perWord(), rows)),
                new Part(module + ".qzeros", DType.I32, new Shape(groups(cols), rows / perWord())),
                new Part(module + ".scales", DType.F16, new Shape(groups(cols), rows)),
                new Part(module + ".g_idx", DType.I32, new Shape(cols)));
    }

    @Override
    public void write(IntegerCodes codes, String module, Sink sink) {
        int cols = codes.cols();
        long rows = codes.rows();
        int lines = cols / perWord();
        // A tile is all inputs of some outputs; a piece of every line of the transposed tensors is written from it.
        int tile = (int) Math.min(rows, Math.max(perWord(), TILE / 4 / lines / perWord() * perWord()));
        for (long first = 0; first < rows; first += tile) {
            int n = (int) Math.min(tile, rows - first);
            Tile packed = tile(codes, first, n);
            lines(packed.words(), n, 4, new Target(sink, module + ".qweight", first, rows));
            lines(packed.scales(), n, 2, new Target(sink, module + ".scales", first, rows));
        }
        constants(module, rows, cols, sink);
    }

    /** The words and the scales of some outputs, transposed. */
    private record Tile(ByteBuffer words, ByteBuffer scales) {}

    private Tile tile(IntegerCodes codes, long first, int n) {
        int cols = codes.cols();
        int groups = codes.groups();
        int lines = cols / perWord();
        ByteBuffer words = little(Math.multiplyExact(4 * lines, n));
        ByteBuffer scales = little(Math.multiplyExact(2 * groups, n));
        int run = Math.clamp(RUN / cols, 1, n);
        byte[] q = new byte[Math.multiplyExact(run, cols)];
        short[] s = new short[run * groups];
        int bias = 1 << (bits - 1);
        for (int at = 0; at < n; at += run) {
            int m = Math.min(run, n - at);
            codes.read(first + at, m, q, s);
            for (int row = 0; row < m; row++) {
                for (int line = 0; line < lines; line++) {
                    int word = 0;
                    for (int j = 0; j < perWord(); j++) {
                        word |= q[row * cols + line * perWord() + j] + bias << bits * j;
                    }
                    words.putInt(4 * (line * n + at + row), word);
                }
                for (int g = 0; g < groups; g++) {
                    scales.putShort(2 * (g * n + at + row), s[row * groups + g]);
                }
            }
        }
        return new Tile(words, scales);
    }

    /** Where lines of {@code width} elements lie, of which a tile has those from {@code first} on. */
    private record Target(Sink sink, String name, long first, long width) {}

    private static void lines(ByteBuffer data, int n, int bytes, Target target) {
        int step = n == target.width() ? data.capacity() : n * bytes;
        for (int at = 0; at < data.capacity(); at += step) {
            long line = at / (n * bytes);
            target.sink().write(target.name(), (line * target.width() + target.first()) * bytes, data.slice(at, step));
        }
    }

    private void constants(String module, long rows, int cols, Sink sink) {
        int zero = (1 << (bits - 1)) - 1;
        int word = 0;
        for (int j = 0; j < perWord(); j++) {
            word |= zero << bits * j;
        }
        ByteBuffer zeros = little(Math.multiplyExact(4, Math.toIntExact(rows / perWord())));
        while (zeros.hasRemaining()) {
            zeros.putInt(word);
        }
        for (int g = 0; g < groups(cols); g++) {
            sink.write(module + ".qzeros", (long) g * zeros.capacity(), zeros.flip());
        }
        ByteBuffer index = little(Math.multiplyExact(4, cols));
        for (int k = 0; k < cols; k++) {
            index.putInt(k / groupOf(cols));
        }
        sink.write(module + ".g_idx", 0, index.flip());
    }

    private static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public ObjectNode config(List<String> plain) {
        ObjectNode node = Json.object();
        node.put("bits", bits);
        node.put("group_size", group == Grouping.CHANNEL ? -1 : group);
        node.put("desc_act", false);
        node.put("sym", true);
        node.put("lm_head", false);
        node.put("static_groups", false);
        node.put("quant_method", "gptq");
        node.put("checkpoint_format", "gptq");
        List<String> layers = plain.stream().filter(m -> !m.equals("lm_head")).toList();
        if (!layers.isEmpty()) {
            ObjectNode dynamic = node.putObject("dynamic");
            layers.forEach(module -> dynamic.putObject("-:^" + module.replace(".", "\\.") + "$"));
        }
        return node;
    }

    @Override
    public Map<String, ObjectNode> files(List<String> plain) {
        return Map.of("quantize_config.json", config(plain));
    }
}
