package ingot.runtime.kernel.vector;

import ingot.formats.Numbers;
import ingot.formats.block.Blocks;
import ingot.formats.block.DynamicMap;
import ingot.formats.block.Nf4;
import ingot.runtime.kernel.Matrix;
import ingot.runtime.kernel.Scratch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The scales of a block of weights as floats, whether they are halves, floats or quantized themselves. */
final class GroupScales {
    private static final float[] MAP = DynamicMap.values();

    private final Halves halves = new Halves();
    private final Scratch absmax = new Scratch();

    /** {@code [i*16 + lane]} = scale of row 16·block + lane, group first + i, i &lt; groups; until the thread's next call. */
    float[] read(Matrix w, Blocks blocks, int block, int first, int groups) {
        MemorySegment scales = w.parts().get(1);
        if (!(w.layout() instanceof Nf4 nf4)) {
            return halves.scales(scales, blocks, block, first, groups);
        }
        float[] out = absmax.floats(groups * Blocks.ROWS);
        if (nf4.doubleQuant()) {
            nested(w, blocks, block, first, groups, out);
        } else {
            long from = blocks.scaleAt((long) block * Blocks.ROWS, first);
            MemorySegment.copy(scales, Numbers.LE_FLOAT, 4 * from, out, 0, groups * Blocks.ROWS);
        }
        return out;
    }

    private static void nested(Matrix w, Blocks blocks, int block, int first, int groups, float[] out) {
        long from = blocks.scaleAt((long) block * Blocks.ROWS, first);
        MemorySegment scales = w.parts().get(1);
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
