package ingot.formats.block;

import ingot.formats.DType;
import ingot.formats.Numbers;
import ingot.formats.Shape;
import ingot.formats.json.Json;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/**
 * 4-bit NormalFloat (Dettmers et al. 2023, QLoRA) with the constants of bitsandbytes: w = value[code] · absmax, one
 * rounding to f32, groups of 64 columns. bitsandbytes runs its groups over the flattened tensor, which is the same where
 * 64 divides the number of columns; elsewhere a row here ends with a padded group.
 *
 * <p>Codes: nibbles as in {@link Int4}, stored as the index 0 … 15; padding holds index 7, the value 0. Scales: f32 absmax
 * per row and group, 0 for padding rows. With double quantization they are indices into {@link DynamicMap}; part
 * {@code nested} has one f32 for 256 of them, counted row-major over (row, group), part {@code offset} one f32, and absmax
 * = map[index] · nested + offset, rounded to f32 after the product and after the sum, as bitsandbytes does. The indices of
 * padding rows are {@link DynamicMap#ZERO} and mean nothing.
 *
 * @param doubleQuant whether the scales are quantized themselves
 */
public record Nf4(boolean doubleQuant) implements Layout {
    /** Columns per scale. */
    public static final int GROUP = 64;

    /** Columns in a 32-bit word. */
    public static final int PER_WORD = 8;

    private static final int BITS = 4;

    /** Scales that share a nested absmax. */
    public static final int NESTED = 256;

    /** The code of the value 0. */
    public static final int ZERO = 7;

    /** bitsandbytes: {@code get_4bit_type("nf4")}, exactly. */
    private static final float[] VALUES = {
        -1.0f,
        -0.6961928009986877f,
        -0.5250730514526367f,
        -0.39491748809814453f,
        -0.28444138169288635f,
        -0.18477343022823334f,
        -0.09105003625154495f,
        0.0f,
        0.07958029955625534f,
        0.16093020141124725f,
        0.24611230194568634f,
        0.33791524171829224f,
        0.44070982933044434f,
        0.5626170039176941f,
        0.7229568362236023f,
        1.0f
    };

    /** The 16 values, ascending; a copy. */
    public static float[] values() {
        return VALUES.clone();
    }

    @Override
    public List<Part> parts(long rows, long cols) {
        Blocks blocks = Blocks.of(rows, cols, GROUP);
        List<Part> parts = new ArrayList<>();
        parts.add(blocks.codes(BITS));
        parts.add(blocks.scales(doubleQuant ? DType.U8 : DType.F32));
        if (doubleQuant) {
            long scales = Math.multiplyExact(rows, (long) blocks.groups());
            parts.add(new Part("nested", DType.F32, new Shape((scales + NESTED - 1) / NESTED)));
            parts.add(new Part("offset", DType.F32, new Shape(1)));
        }
        return List.copyOf(parts);
    }

    /**
     * Encodes the codes of rows that start at a multiple of 16 of the matrix into the bytes of their blocks.
     *
     * @param rows how many; a last block that is not full is padded
     * @param codes indices 0 … 15, {@code [rows][cols]}
     * @param out buffer for part {@code codes} of {@code parts(rows, cols)}
     */
    public void encodeCodes(int rows, int cols, byte[] codes, MemorySegment out) {
        for (byte code : codes) {
            if (code < 0 || code >= VALUES.length) {
                throw new IllegalArgumentException("nf4 code " + code + "; expected 0 to " + (VALUES.length - 1));
            }
        }
        Encoding.pack(Blocks.of(rows, cols, GROUP), codes, new Encoding.Field(BITS, 0, ZERO), out);
    }

    /**
     * Encodes plain scales of rows that start at a multiple of 16.
     *
     * @param absmax {@code [rows][groups]}
     * @param out buffer for part {@code scales} of {@code parts(rows, cols)}
     */
    public void encodeAbsmax(int rows, int cols, float[] absmax, MemorySegment out) {
        if (doubleQuant) {
            throw new IllegalStateException("the scales of nf4-dq are encoded for the whole matrix at once");
        }
        Blocks blocks = Blocks.of(rows, cols, GROUP);
        Encoding.requireLength("scales", absmax.length, blocks.rows() * blocks.groups());
        for (int row = 0; row < blocks.count() * Blocks.ROWS; row++) {
            for (int g = 0; g < blocks.groups(); g++) {
                float scale = row < rows ? absmax[row * blocks.groups() + g] : 0;
                out.set(Numbers.LE_FLOAT, 4 * blocks.scaleAt(row, g), scale);
            }
        }
    }

    /**
     * Encodes the scales of a whole matrix that were quantized themselves.
     *
     * @param scales of all rows, row-major over (row, group)
     * @param out buffers for the parts {@code scales}, {@code nested}, {@code offset} of the matrix
     */
    public void encodeScales(long rows, long cols, DoubleQuantized scales, List<MemorySegment> out) {
        if (!doubleQuant) {
            throw new IllegalStateException("the scales of nf4 are plain");
        }
        Blocks blocks = Blocks.of(rows, cols, GROUP);
        Encoding.requireLength("scales", scales.codes().length, rows * blocks.groups());
        for (long row = 0; row < (long) blocks.count() * Blocks.ROWS; row++) {
            for (int g = 0; g < blocks.groups(); g++) {
                byte code = row < rows
                        ? scales.codes()[Math.toIntExact(row * blocks.groups() + g)]
                        : (byte) DynamicMap.ZERO;
                out.get(0).set(ValueLayout.JAVA_BYTE, blocks.scaleAt(row, g), code);
            }
        }
        MemorySegment.copy(scales.nested(), 0, out.get(1), Numbers.LE_FLOAT, 0, scales.nested().length);
        out.get(2).set(Numbers.LE_FLOAT, 0, scales.offset());
    }

    @Override
    public void decodeRow(long rows, long cols, List<MemorySegment> parts, long row, float[] out, int at) {
        Blocks blocks = Blocks.of(rows, cols, GROUP);
        for (int k = 0; k < blocks.cols(); k++) {
            int code = Encoding.stored(blocks, parts.getFirst(), BITS, row, k);
            out[at + k] = VALUES[code] * absmax(blocks, parts, row, k / GROUP);
        }
    }

    private float absmax(Blocks blocks, List<MemorySegment> parts, long row, int g) {
        long at = blocks.scaleAt(row, g);
        if (!doubleQuant) {
            return parts.get(1).get(Numbers.LE_FLOAT, 4 * at);
        }
        int code = parts.get(1).get(ValueLayout.JAVA_BYTE, at) & 0xFF;
        float nested = parts.get(2).get(Numbers.LE_FLOAT, (row * blocks.groups() + g) / NESTED * 4);
        float offset = parts.get(3).get(Numbers.LE_FLOAT, 0);
        return DynamicMap.value(code) * nested + offset;
    }

    @Override
    public String label() {
        return doubleQuant ? "nf4-dq" : "nf4";
    }

    @Override
    public ObjectNode toJson() {
        ObjectNode node = Json.object();
        node.put(LayoutJson.TYPE, "nf4");
        if (doubleQuant) {
            node.put(LayoutJson.DOUBLE_QUANT, true);
        }
        return node;
    }
}
