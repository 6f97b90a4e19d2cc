package ingot.runtime.kernel.vector;

import ingot.formats.Numbers;
import ingot.formats.block.Blocks;
import java.lang.foreign.MemorySegment;

/**
 * Half-precision numbers widened to f32 in a flat loop, which is compiled to conversion instructions; the Vector API has
 * no such conversion. One buffer per kernel and thread.
 */
final class Halves {
    private final ThreadLocal<Buffers> perThread = ThreadLocal.withInitial(Buffers::new);

    private static final class Buffers {
        private short[] halves = {};
        private float[] floats = {};
    }

    /** {@code n} halves from byte {@code from} on, exactly; valid until the thread's next call. */
    float[] widen(MemorySegment source, long from, int n) {
        Buffers buffer = perThread.get();
        if (buffer.halves.length < n) {
            buffer.halves = new short[n];
            buffer.floats = new float[n];
        }
        short[] in = buffer.halves;
        float[] out = buffer.floats;
        MemorySegment.copy(source, Numbers.LE_SHORT, from, in, 0, n);
        for (int i = 0; i < n; i++) {
            out[i] = Float.float16ToFloat(in[i]);
        }
        return out;
    }

    /** {@code [groups][16]} scales of a block from group {@code first} on; valid until the thread's next call. */
    float[] scales(MemorySegment scales, Blocks blocks, int block, int first, int groups) {
        return widen(scales, 2 * blocks.scaleAt((long) block * Blocks.ROWS, first), groups * Blocks.ROWS);
    }
}
