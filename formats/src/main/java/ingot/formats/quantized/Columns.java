package ingot.formats.quantized;

import ingot.formats.Numbers;
import ingot.formats.TensorInfo;
import ingot.formats.TensorSource;
import ingot.formats.io.Panels;
import java.lang.foreign.MemorySegment;

/**
 * Columns of matrices that GPTQ and AWQ store as [inputs, outputs], for reading them by outputs: panels of as many whole
 * columns as {@link Panels#BYTES} hold, at least one. Safe for use by several threads.
 */
final class Columns {
    private final TensorSource source;
    private final Panels<Key> panels = new Panels<>();

    private record Key(String tensor, long panel) {}

    Columns(TensorSource source) {
        this.source = source;
    }

    TensorSource source() {
        return source;
    }

    /** Reads {@code n} columns of 32-bit elements, {@code out[lines][n]}. */
    void ints(TensorInfo matrix, long first, int n, int[] out) {
        each(matrix, first, n, (panel, from, at, m) -> MemorySegment.copy(panel, Numbers.LE_INT, from, out, at, m));
    }

    /** Reads {@code n} columns of any numeric type, widened or rounded to f32, {@code out[lines][n]}. */
    void floats(TensorInfo matrix, long first, int n, float[] out) {
        each(matrix, first, n, (panel, from, at, m) -> Numbers.toF32(matrix.dtype(), panel, from, out, at, m));
    }

    /** As {@link #floats}, column by column: {@code out[n][lines]}. */
    void floatsByColumn(TensorInfo matrix, long first, int n, float[] out) {
        int lines = Math.toIntExact(matrix.shape().dim(0));
        float[] turned = new float[Math.multiplyExact(lines, n)];
        floats(matrix, first, n, turned);
        for (int line = 0; line < lines; line++) {
            for (int col = 0; col < n; col++) {
                out[col * lines + line] = turned[line * n + col];
            }
        }
    }

    private interface Run {
        /** Takes {@code m} elements from byte {@code from} of the panel to element {@code at} of the output. */
        void take(MemorySegment panel, long from, int at, int m);
    }

    private void each(TensorInfo matrix, long first, int n, Run run) {
        int lines = Math.toIntExact(matrix.shape().dim(0));
        long cols = matrix.shape().dim(1);
        int width = matrix.dtype().bytes();
        int most = (int) Math.min(cols, Math.max(1, Panels.BYTES / width / lines));
        for (long col = first; col < first + n; ) {
            long begin = col / most * most;
            int size = (int) Math.min(most, cols - begin);
            long bytes = (long) lines * size * width;
            MemorySegment panel = MemorySegment.ofArray(
                    panels.get(new Key(matrix.name(), begin), bytes, () -> load(matrix, begin, size)));
            int m = (int) Math.min(begin + size, first + n) - (int) col;
            for (int line = 0; line < lines; line++) {
                long from = ((long) line * size + (col - begin)) * width;
                run.take(panel, from, line * n + (int) (col - first), m);
            }
            col += m;
        }
    }

    private byte[] load(TensorInfo matrix, long first, int n) {
        int lines = (int) matrix.shape().dim(0);
        long cols = matrix.shape().dim(1);
        int width = matrix.dtype().bytes();
        byte[] panel = new byte[Math.multiplyExact(Math.multiplyExact(lines, n), width)];
        MemorySegment all = MemorySegment.ofArray(panel);
        if (n == cols) {
            source.read(matrix, 0, all);
            return panel;
        }
        int run = n * width;
        for (int line = 0; line < lines; line++) {
            source.read(matrix, (line * cols + first) * width, all.asSlice((long) line * run, run));
        }
        return panel;
    }
}
