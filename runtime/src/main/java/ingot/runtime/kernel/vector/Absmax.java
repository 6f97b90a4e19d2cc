package ingot.runtime.kernel.vector;

import ingot.formats.Numbers;
import ingot.formats.block.Blocks;
import ingot.formats.block.DynamicMap;
import ingot.formats.block.Nf4;
import ingot.runtime.kernel.Matrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The scales of a block of NF4 weights as floats, whether they are quantized themselves or not. */
final class Absmax {
    private static final float[] MAP = DynamicMap.values();

    private Absmax() {}

    /** {@code out[i*16 + lane]} = absmax of row 16·block + lane, group first + i, for i &lt; groups. */
    static void read(Matrix w, Blocks blocks, int block, int first, int groups, float[] out) {
        long from = blocks.scaleAt((long) block * Blocks.ROWS, first);
        MemorySegment scales = w.parts().get(1);
        if (!((Nf4) w.layout()).doubleQuant()) {
            MemorySegment.copy(scales, Numbers.LE_FLOAT, 4 * from, out, 0, groups * Blocks.ROWS);
            return;
        }
        MemorySegment nested = w.parts().get(2);
        float offset = w.parts().get(3).get(Numbers.LE_FLOAT, 0);
        int rows = Math.min(Blocks.ROWS, w.rows() - block * Blocks.ROWS);
        for (int lane = 0; lane < Blocks.ROWS; lane++) {
            // Padding rows have no nested absmax; they take the last row's.
            long index = ((long) block * Blocks.ROWS + Math.min(lane, rows - 1)) * blocks.groups() + first;
            for (int i = 0; i < groups; i++) {
                int code = scales.get(ValueLayout.JAVA_BYTE, from + i * Blocks.ROWS + lane) & 0xFF;
                float unit = nested.get(Numbers.LE_FLOAT, (index + i) / Nf4.NESTED * Float.BYTES);
                out[i * Blocks.ROWS + lane] = MAP[code] * unit + offset;
            }
        }
    }
}
