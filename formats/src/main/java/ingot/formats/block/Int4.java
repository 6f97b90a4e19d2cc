package ingot.formats.block;

import ingot.formats.DType;
import ingot.formats.json.Json;
import java.lang.foreign.MemorySegment;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/**
 * Symmetric 4-bit integers: w = q · scale with q in −8 … 7 and one f16 scale per row and group (Q4_0 of GGUF when the
 * group is 32). The product of a 4-bit and an 11-bit significand is exact in f32.
 *
 * <p>Codes: byte b of the word of columns 8j … 8j+7 has column 8j+b in its low and column 8j+4+b in its high nibble, each
 * stored as q+8: one mask gives four columns as bytes. Padding columns hold q = 0, padding rows q = 0 and scale 0. Places
 * of words and scales: {@link Blocks}.
 *
 * @param group columns per scale: a multiple of 32, or {@link Grouping#CHANNEL}
 */
public record Int4(int group) implements Layout {
    /** Columns in a 32-bit word. */
    public static final int PER_WORD = 8;

    /** What is added to q to store it. */
    public static final int BIAS = 8;

    public Int4 {
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
     * @param codes q, {@code [rows][cols]}, each in −8 … 7
     * @param scales f16 bits, {@code [rows][groups]}
     * @param out buffers for {@code parts(rows, cols)}, that is, the slices of the matrix's parts for these blocks
     */
    public void encode(int rows, int cols, byte[] codes, short[] scales, List<MemorySegment> out) {
        Blocks blocks = Blocks.of(rows, cols, group);
        Encoding.nibbles(blocks, codes, BIAS, out.getFirst());
        Encoding.f16Scales(blocks, scales, out.getLast());
    }

    @Override
    public void decodeRow(long rows, long cols, List<MemorySegment> parts, long row, float[] out, int at) {
        Blocks blocks = Blocks.of(rows, cols, group);
        for (int k = 0; k < blocks.cols(); k++) {
            int stored = Encoding.nibble(blocks, parts.getFirst(), row, k);
            out[at + k] = (stored - BIAS) * Encoding.f16Scale(blocks, parts.getLast(), row, k);
        }
    }

    @Override
    public String label() {
        return "int4";
    }

    @Override
    public ObjectNode toJson() {
        ObjectNode node = Json.object();
        node.put(LayoutJson.TYPE, label());
        Grouping.write(node, group);
        return node;
    }
}
