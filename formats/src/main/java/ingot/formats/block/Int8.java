package ingot.formats.block;

import ingot.formats.DType;
import ingot.formats.Numbers;
import ingot.formats.json.Json;
import java.lang.foreign.MemorySegment;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/**
 * Symmetric 8-bit integers: w = q · scale with q in −127 … 127 and one f16 scale per row and group (Q8_0 of GGUF when
 * the group is 32). The product of an 8-bit and an 11-bit significand is exact in f32.
 *
 * <p>Codes: byte b of the word of columns 4j … 4j+3 is column 4j+b, stored as q+128. Padding columns hold q = 0, padding
 * rows q = 0 and scale 0. Places of words and scales: {@link Blocks}.
 *
 * @param group columns per scale: a multiple of 32, or {@link Grouping#CHANNEL}
 */
public record Int8(int group) implements Layout {
    /** Columns in a 32-bit word. */
    public static final int PER_WORD = 4;

    /** What is added to q to store it. */
    public static final int BIAS = 128;

    public Int8 {
        Grouping.check(group);
    }

    @Override
    public List<Part> parts(long rows, long cols) {
        Blocks blocks = Blocks.of(rows, cols, group);
        return List.of(blocks.codes(PER_WORD), blocks.scales(DType.F16));
    }

    /**
     * Encodes rows that start at a multiple of 16 of the matrix into the bytes of their blocks.
     *
     * @param rows how many; a last block that is not full is padded
     * @param codes q, {@code [rows][cols]}, each in −127 … 127
     * @param scales f16 bits, {@code [rows][groups]}
     * @param out buffers for {@code parts(rows, cols)}, that is, the slices of the matrix's parts for these blocks
     */
    public void encode(int rows, int cols, byte[] codes, short[] scales, List<MemorySegment> out) {
        Blocks blocks = Blocks.of(rows, cols, group);
        for (byte code : codes) {
            if (code == Byte.MIN_VALUE) {
                throw new IllegalArgumentException("int8 code -128; expected -127 to 127");
            }
        }
        Encoding.bytes(blocks, codes, BIAS, out.getFirst());
        Encoding.f16Scales(blocks, scales, out.getLast());
    }

    @Override
    public void decodeRow(long rows, long cols, List<MemorySegment> parts, long row, float[] out, int at) {
        Blocks blocks = Blocks.of(rows, cols, group);
        for (int k = 0; k < blocks.cols(); k++) {
            int word = parts.getFirst().get(Numbers.LE_INT, blocks.wordAt(row, k, PER_WORD));
            int stored = (word >>> 8 * (k % PER_WORD)) & 0xFF;
            out[at + k] = (stored - BIAS) * Encoding.f16Scale(blocks, parts.getLast(), row, k);
        }
    }

    @Override
    public String label() {
        return "int8";
    }

    @Override
    public ObjectNode toJson() {
        ObjectNode node = Json.object();
        node.put(LayoutJson.TYPE, label());
        Grouping.write(node, group);
        return node;
    }
}
