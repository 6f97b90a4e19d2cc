package ingot.formats.block;

import ingot.formats.DType;
import ingot.formats.json.Json;
import java.lang.foreign.MemorySegment;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/**
 * Codes with one f16 scale per row and group: w = value(code) · scale, where the values are integers of at most 8 bits, so
 * that the product with the 11-bit significand of a scale is exact in f32.
 *
 * <p>Codes are stored as code + bias in the planes that {@link Encoding} describes; padding columns hold
 * {@link #padding}, padding rows besides a scale of 0. Places of words and scales: {@link Blocks}.
 */
public sealed interface Grouped extends Layout permits Int8, Int4, IntN, Iq4 {
    /** Columns per scale: a multiple of 32, or {@link Grouping#CHANNEL}. */
    int group();

    /** Bits of a stored code. */
    int bits();

    /** What is added to a code to store it. */
    int bias();

    /** Smallest code. */
    int low();

    /** Smallest code that rounding makes use of. */
    default int lowest() {
        return low();
    }

    /** Largest code. */
    int high();

    /** The code in columns that do not exist. */
    default int padding() {
        return 0;
    }

    /** The integer that a code multiplies its scale with; for the integer types the code itself. */
    default int value(int code) {
        return code;
    }

    /** Whether a code has this value. */
    default boolean has(int value) {
        return value >= low() && value <= high();
    }

    /** The code of a value that there is. */
    default int code(int value) {
        return value;
    }

    /** Where codes and scales of a matrix lie; {@link ingot.formats.IngotException.BadData} for impossible dimensions. */
    default Blocks blocks(long rows, long cols) {
        return Blocks.of(rows, cols, group());
    }

    @Override
    default List<Part> parts(long rows, long cols) {
        Blocks blocks = blocks(rows, cols);
        return List.of(blocks.codes(bits()), blocks.scales(DType.F16));
    }

    /**
     * Encodes rows that start at a multiple of 16 of the matrix into the bytes of their blocks.
     *
     * @param rows how many; a last block that is not full is padded
     * @param codes {@code [rows][cols]}, each {@link #low} … {@link #high}
     * @param scales f16 bits, {@code [rows][groups]}
     * @param out buffers for {@code parts(rows, cols)}, that is, the slices of the matrix's parts for these blocks
     */
    default void encode(int rows, int cols, byte[] codes, short[] scales, List<MemorySegment> out) {
        Blocks blocks = blocks(rows, cols);
        requireCodes(codes, cols);
        Encoding.pack(blocks, codes, new Encoding.Field(bits(), bias(), padding()), out.getFirst());
        Encoding.f16Scales(blocks, scales, out.getLast());
    }

    private void requireCodes(byte[] codes, int cols) {
        int low = low();
        int high = high();
        int outside = 0;
        for (byte code : codes) {
            outside |= (code - low) | (high - code);
        }
        if (outside >= 0) {
            return;
        }
        for (int i = 0; i < codes.length; i++) {
            if (codes[i] < low || codes[i] > high) {
                throw new IllegalArgumentException(label() + " code " + codes[i] + " of row " + i / cols + ", column "
                        + i % cols + "; expected " + low + " to " + high);
            }
        }
    }

    @Override
    default void decodeRow(long rows, long cols, List<MemorySegment> parts, long row, float[] out, int at) {
        Blocks blocks = blocks(rows, cols);
        for (int k = 0; k < blocks.cols(); k++) {
            int code = Encoding.stored(blocks, parts.getFirst(), bits(), row, k) - bias();
            out[at + k] = value(code) * Encoding.f16Scale(blocks, parts.getLast(), row, k);
        }
    }

    @Override
    default ObjectNode toJson() {
        ObjectNode node = Json.object();
        node.put(LayoutJson.TYPE, label());
        Grouping.write(node, group());
        return node;
    }
}
