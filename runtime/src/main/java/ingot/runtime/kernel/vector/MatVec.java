package ingot.runtime.kernel.vector;

import ingot.runtime.kernel.GuidedSplit;
import ingot.runtime.kernel.Matrix;
import ingot.runtime.kernel.WorkerPool;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Matrix-vector products, shared among threads by blocks of rows. For one calling thread, whose buffer it has; what tasks need
 * is in fields, as a closure made for every product would be garbage of the token loop.
 */
final class MatVec implements IntConsumer {
    private static final float[] NOWHERE = {};

    private float[] prepared = {};
    private final GuidedSplit split = new GuidedSplit();
    private @Nullable WeightKernel kernel;
    private @Nullable Matrix w;
    private float[] y = NOWHERE;

    /** out = W·x. */
    void multiply(WorkerPool pool, WeightKernel with, Matrix weights, float[] x, float[] out) {
        int length = with.preparedLength(weights);
        if (prepared.length < length) {
            prepared = new float[length];
        }
        with.prepare(weights, x, prepared);
        int blocks = (weights.rows() - 1) / WeightKernel.ROWS + 1;
        // Most bytes of a matrix are in its first part, the weights or their codes.
        long bytes = weights.parts().getFirst().byteSize();
        split.begin(bytes, pool.threads(), Long.MAX_VALUE);
        split.add(blocks, bytes / blocks);
        kernel = with;
        w = weights;
        y = out;
        try {
            pool.run(split.tasks(), this);
        } finally {
            // Keeps no weights and no caller's array alive.
            w = null;
            y = NOWHERE;
        }
    }

    @Override
    public void accept(int task) {
        WeightKernel with = kernel;
        Matrix weights = w;
        if (with != null && weights != null) {
            int first = split.first(task);
            int end = first + split.count(task);
            for (int b = first; b < end; b++) {
                with.matvec(weights, prepared, b, y);
            }
        }
    }
}
