package ingot.runtime.kernel;

import java.util.function.IntConsumer;

/**
 * Rows decoded as the layout defines them, products summed in double and rounded once: an output y has error at most ε·|y|
 * + cols·2⁻⁵²·Σ|wᵢ·xᵢ| with ε = 2⁻²⁴.
 */
final class ScalarKernels implements Kernels {
    private static final int ROWS_PER_TASK = 16;

    private final WorkerPool pool;
    private final Ops ops = new ScalarOps();
    private final AttentionKernel attention = new ScalarAttention();
    private final Blas blas;
    private final Feedback feedback = new ScalarFeedback();
    private final Scratch rows = new Scratch();

    /** @param pool closed with this */
    ScalarKernels(WorkerPool pool) {
        this.pool = pool;
        blas = new ScalarBlas(pool);
    }

    @Override
    public void matmul(Matrix w, float[] x, int tokens, float[] y) {
        Checks.matmul(w, x, tokens, y);
        pool.run((w.rows() - 1) / ROWS_PER_TASK + 1, task -> {
            float[] weights = rows.floats(w.cols());
            int from = task * ROWS_PER_TASK;
            int to = Math.min(w.rows(), from + ROWS_PER_TASK);
            for (int row = from; row < to; row++) {
                w.decodeRow(row, weights, 0);
                for (int t = 0; t < tokens; t++) {
                    y[t * w.rows() + row] = (float) ScalarOps.dotInDouble(weights, 0, x, t * w.cols(), w.cols());
                }
            }
        });
    }

    @Override
    public Ops ops() {
        return ops;
    }

    @Override
    public AttentionKernel attention() {
        return attention;
    }

    @Override
    public Feedback feedback() {
        return feedback;
    }

    @Override
    public Blas blas() {
        return blas;
    }

    @Override
    public void parallel(int tasks, IntConsumer body) {
        pool.run(tasks, body);
    }

    @Override
    public String label() {
        return "scalar";
    }

    @Override
    public int threads() {
        return pool.threads();
    }

    @Override
    public void close() {
        pool.close();
    }
}
