package ingot.quant.scheme;

import ingot.formats.block.Blocks;
import ingot.formats.block.Layout;
import ingot.formats.block.Part;
import ingot.runtime.verify.ErrorSum;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Walks a matrix in runs of rows that fill a few megabytes, each a multiple of 16 rows, and owns the buffers for it. */
final class RowBlocks implements AutoCloseable {
    /** Weights in hand at a time: with what they become, a second-level cache holds them. */
    private static final int TARGET_WEIGHTS = 1 << 16;

    /** Weights whose errors are summed before they are added to the errors of the others. */
    private static final int PART_WEIGHTS = 1 << 20;

    final float[] weights;
    final float[] stored;
    private final MatrixSource source;
    private final int step;

    /** Rows of a part. */
    private final int part;

    private final Arena arena = Arena.ofConfined();
    private final List<MemorySegment> buffers = new ArrayList<>();
    private long next;

    RowBlocks(MatrixSource source) {
        this.source = source;
        this.step = rows(TARGET_WEIGHTS);
        this.part = rows(PART_WEIGHTS);
        this.weights = new float[Math.multiplyExact(step, source.cols())];
        this.stored = new float[weights.length];
    }

    private int rows(int weights) {
        long fitting = Math.max(1, weights / source.cols() / Blocks.ROWS) * Blocks.ROWS;
        return (int) Math.min(fitting, source.rows());
    }

    /** What is walked through. */
    MatrixSource source() {
        return source;
    }

    /** Reads the next rows into {@link #weights}; returns how many, 0 at the end. */
    int advance() {
        int n = skip();
        if (n > 0) {
            source.read(next - n, n, weights);
        }
        return n;
    }

    /** As {@link #advance}, but reads nothing. */
    int skip() {
        int n = (int) Math.min(Math.min(step, part - next % part), source.rows() - next);
        next += n;
        return n;
    }

    /** The row after those of the last {@link #advance}. */
    long next() {
        return next;
    }

    /** Adds how far {@link #stored} is from {@link #weights}, the {@code rows} rows read last. */
    void addTo(ErrorSum error, int rows) {
        error.addToPart(stored, weights, rows * source.cols());
        endPart(error);
    }

    /** Ends a part of the errors where the rows in hand end one. */
    void endPart(ErrorSum error) {
        if (next % part == 0 || next == source.rows()) {
            error.endPart();
        }
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
