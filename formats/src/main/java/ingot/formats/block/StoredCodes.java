package ingot.formats.block;

import ingot.formats.Numbers;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * What the quantized layouts store, before it is multiplied: integer codes with their f16 scales, NF4 indices with their
 * absmax. For exports that store the same numbers in another order.
 */
public final class StoredCodes {
    private StoredCodes() {}

    /**
     * What the codes of {@code n} rows multiply their scales with.
     *
     * @param parts of the whole matrix
     * @param values receives integers of at most 8 bits, {@code [n][cols]}
     * @param scales receives f16 bits, {@code [n][groups]}
     */
    public static void integers(
            Grouped layout, Blocks blocks, List<MemorySegment> parts, Rows run, byte[] values, short[] scales) {
        int[] unit = new int[Grouping.UNIT];
        for (int i = 0; i < run.n(); i++) {
            long row = run.first() + i;
            for (int k = 0; k < blocks.cols(); k += unit.length) {
                Encoding.unpack(blocks, parts.getFirst(), layout.bits(), row, k, unit);
                for (int j = 0; j < Math.min(unit.length, blocks.cols() - k); j++) {
                    values[i * blocks.cols() + k + j] = (byte) layout.value(unit[j] - layout.bias());
                }
            }
            for (int g = 0; g < blocks.groups(); g++) {
                scales[i * blocks.groups() + g] = parts.getLast().get(Numbers.LE_SHORT, 2 * blocks.scaleAt(row, g));
            }
        }
    }

    /** A run of rows. */
    public record Rows(long first, int n) {}

    /**
     * Indices 0 … 15 of {@code n} rows of an {@link Nf4} matrix, whether its scales are quantized or not.
     *
     * @param words part {@code codes} of the whole matrix
     * @param codes receives {@code [n][cols]}
     */
    public static void normals(Blocks blocks, MemorySegment words, Rows run, byte[] codes) {
        int[] unit = new int[Grouping.UNIT];
        for (int i = 0; i < run.n(); i++) {
            for (int k = 0; k < blocks.cols(); k += unit.length) {
                Encoding.unpack(blocks, words, 4, run.first() + i, k, unit);
                for (int j = 0; j < Math.min(unit.length, blocks.cols() - k); j++) {
                    codes[i * blocks.cols() + k + j] = (byte) unit[j];
                }
            }
        }
    }

    /** Plain scales of all rows of an {@code Nf4(false)} matrix, {@code [rows][groups]}. */
    public static float[] absmax(Blocks blocks, MemorySegment scales) {
        float[] out = new float[Math.toIntExact(Math.multiplyExact(blocks.rows(), (long) blocks.groups()))];
        for (int i = 0; i < out.length; i++) {
            out[i] = scales.get(Numbers.LE_FLOAT, 4 * blocks.scaleAt(i / blocks.groups(), i % blocks.groups()));
        }
        return out;
    }

    /** Quantized scales of all rows of an {@code Nf4(true)} matrix, row-major over (row, group). */
    public static DoubleQuantized nested(Blocks blocks, List<MemorySegment> parts) {
        byte[] codes = new byte[Math.toIntExact(Math.multiplyExact(blocks.rows(), (long) blocks.groups()))];
        for (int i = 0; i < codes.length; i++) {
            codes[i] =
                    parts.get(1).get(ValueLayout.JAVA_BYTE, blocks.scaleAt(i / blocks.groups(), i % blocks.groups()));
        }
        float[] nested = new float[(codes.length + Nf4.NESTED - 1) / Nf4.NESTED];
        MemorySegment.copy(parts.get(2), Numbers.LE_FLOAT, 0, nested, 0, nested.length);
        return new DoubleQuantized(codes, nested, parts.get(3).get(Numbers.LE_FLOAT, 0));
    }
}
