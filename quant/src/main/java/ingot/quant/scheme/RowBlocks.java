package ingot.quant.scheme;

import ingot.formats.block.Blocks;
import ingot.formats.block.Layout;
import ingot.formats.block.Part;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Walks a matrix in runs of rows that fill a few megabytes, each a multiple of 16 rows, and owns the buffers for it. */
final class RowBlocks implements AutoCloseable {
    /** Weights in hand at a time; with source bytes, codes and copies about 20 MB per thread. */
    private static final int TARGET_WEIGHTS = 1 << 20;

    final float[] weights;
    final float[] stored;
    private final MatrixSource source;
    private final int step;
    private final Arena arena = Arena.ofConfined();
    private final List<MemorySegment> buffers = new ArrayList<>();
    private long next;

    RowBlocks(MatrixSource source) {
        this.source = source;
        long fitting = Math.max(1, TARGET_WEIGHTS / source.cols() / Blocks.ROWS) * Blocks.ROWS;
        this.step = (int) Math.min(fitting, source.rows());
        this.weights = new float[Math.multiplyExact(step, source.cols())];
        this.stored = new float[weights.length];
    }

    /** Reads the next rows into {@link #weights}; returns how many, 0 at the end. */
    int advance() {
        int n = (int) Math.min(step, source.rows() - next);
        if (n > 0) {
            source.read(next, n, weights);
            next += n;
        }
        return n;
    }

    /** Back to the first row, for a second pass. */
    void rewind() {
        next = 0;
    }

    /** Buffers for the parts of {@code rows} rows, reused by the next call. */
    List<MemorySegment> parts(Layout layout, int rows) {
        List<Part> parts = layout.parts(rows, source.cols());
        if (buffers.isEmpty()) {
            layout.parts(step, source.cols()).forEach(p -> buffers.add(arena.allocate(p.bytes(), 64)));
        }
        List<MemorySegment> slices = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            slices.add(buffers.get(i).asSlice(0, parts.get(i).bytes()));
        }
        return slices;
    }

    @Override
    public void close() {
        arena.close();
    }
}
