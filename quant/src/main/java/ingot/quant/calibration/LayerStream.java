package ingot.quant.calibration;

import ingot.runtime.kernel.Kernels;
import ingot.runtime.model.StagedLayer;
import ingot.runtime.model.StagedLayer.Branch;

/** A residual stream on its way through a layer; what its linear layers read is left in buffers that the next call reuses. */
final class LayerStream {
    private final StagedLayer layer;
    private final Activations files;
    private final Visit visit;
    private final int hidden;
    private final float[] residual;
    private final float[] normed;

    /** @param visit puts every matrix in its place in the layer, before it is used */
    LayerStream(StagedLayer layer, Activations files, Visit visit) {
        this.layer = layer;
        this.files = files;
        this.visit = visit;
        this.hidden = files.residual().width();
        this.residual = new float[files.longest() * hidden];
        this.normed = new float[files.longest() * hidden];
    }

    StagedLayer layer() {
        return layer;
    }

    Activations files() {
        return files;
    }

    Visit visit() {
        return visit;
    }

    /** The tokens of a branch and how much of its output each takes. */
    @SuppressWarnings("ArrayRecordComponent") // results, never compared
    record Visitors(int[] tokens, float[] shares) {
        int count() {
            return tokens.length;
        }
    }

    /** What the mixer's input projections read of some tokens [n][hidden]. */
    float[] mixerInput(long first, int n) {
        files.residual().read(first, n, residual);
        layer.mixerInput(residual, n, normed);
        return normed;
    }

    /** What the mixer's output projection reads of a sequence [n][mixedWidth]; kept in {@code wide}. */
    float[] mixed(long first, int n, Wide wide) {
        layer.mix(mixerInput(first, n), n, wide.free());
        return wide.keep(first, n);
    }

    /** The residual stream of some tokens [n][hidden]. */
    float[] residual(long first, int n) {
        files.residual().read(first, n, residual);
        return residual;
    }

    /** Adds what {@link #mixed} kept to the stream. */
    void addMixed(long first, int n, Wide wide) {
        wide.file().read(first, n, wide.rows());
        files.residual().read(first, n, residual);
        layer.addMixed(wide.rows(), n, residual);
        files.residual().write(first, n, residual);
    }

    /** What the feed-forward part reads of some tokens [n][hidden]; kept for {@link #branchInput}. */
    float[] feedInput(long first, int n) {
        files.residual().read(first, n, residual);
        layer.feedInput(residual, n, normed);
        files.normed().write(first, n, normed);
        return normed;
    }

    /** What a branch reads of its visitors {@code at … at + n} [n][hidden]. */
    float[] branchInput(Visitors visitors, int at, int n) {
        files.normed().gather(visitors.tokens(), at, n, normed);
        return normed;
    }

    /** What the branch's output projection reads of them [n][inner]; kept in {@code wide}. */
    float[] inner(Branch branch, Visitors visitors, int at, int n, Wide wide) {
        layer.inner(branch, branchInput(visitors, at, n), n, wide.free());
        return wide.keep(at, n);
    }

    /** Adds their shares of the branch's output to the stream. */
    void addBranch(Branch branch, Visitors visitors, int at, int n, Wide wide, Kernels kernels) {
        wide.file().read(at, n, wide.rows());
        layer.down(branch, wide.rows(), n, normed);
        files.residual().gather(visitors.tokens(), at, n, residual);
        for (int i = 0; i < n; i++) {
            kernels.ops().axpy(visitors.shares()[at + i], normed, i * hidden, residual, i * hidden, hidden);
        }
        files.residual().scatter(visitors.tokens(), at, n, residual);
    }

    /** Room for rows inside the layer. */
    Wide wide(int width) {
        return new Wide(files.wide(width), new float[files.longest() * width]);
    }

    /**
     * Rows inside a layer: all in a file, some in memory.
     *
     * @param rows of the longest sequence
     */
    @SuppressWarnings("ArrayRecordComponent") // a buffer, never compared
    record Wide(RowFile file, float[] rows) implements AutoCloseable {
        /** The room, when its former rows are written. */
        float[] free() {
            file.settle();
            return rows;
        }

        /** Writes what is in the room while others read it. */
        float[] keep(long first, int n) {
            file.writeBehind(first, n, rows);
            return rows;
        }

        @Override
        public void close() {
            file.close();
        }
    }
}
