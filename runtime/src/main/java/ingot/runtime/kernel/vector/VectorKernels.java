package ingot.runtime.kernel.vector;

import ingot.formats.block.Dense;
import ingot.formats.block.Int4;
import ingot.formats.block.Int8;
import ingot.formats.block.IntN;
import ingot.formats.block.Iq4;
import ingot.formats.block.Nf4;
import ingot.runtime.kernel.AttentionKernel;
import ingot.runtime.kernel.Blas;
import ingot.runtime.kernel.Checks;
import ingot.runtime.kernel.Feedback;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.Matrix;
import ingot.runtime.kernel.Ops;
import ingot.runtime.kernel.WorkerPool;
import ingot.runtime.kernel.attention.AttentionTile;
import ingot.runtime.kernel.attention.BlockedAttention;
import java.util.function.IntConsumer;

/**
 * f32 through the Vector API. One token: every type has its own matrix-vector product ({@link WeightKernel#matvec}).
 * Several: panels of weights are expanded to f32 and multiplied with all tokens ({@link MatMul}), the same for all types.
 *
 * <p>Bounds, with ε = 2⁻²⁴, n columns and m the magnitude that is summed: an output differs from the exact Wx by at most
 * n·ε·m. For several tokens, and for dense weights, m = Σ|wᵢ·xᵢ|. For one token of the integer types the stored code u is
 * summed first and m = Σ scale·(u + bias)·|xᵢ| with the type's bias, 128 for int8 and 8 for int4.
 */
public final class VectorKernels implements Kernels {
    private final Width width;
    private final WorkerPool pool;
    private final Ops ops;
    private final AttentionKernel attention;
    private final Blas blas;
    private final Feedback feedback;
    private final WeightKernel int3;
    private final WeightKernel int4;
    private final WeightKernel int5;
    private final WeightKernel int6;
    private final WeightKernel int8;
    private final WeightKernel nf4;
    private final WeightKernel iq4;
    private final DenseKernels dense;
    private final MatMul matmul;
    private final ThreadLocal<MatVec> matvec = ThreadLocal.withInitial(MatVec::new);

    /**
     * Loads the kernels of a width.
     *
     * @param bits 128, 256, 512, or 0 for the preferred width
     * @param pool closed with this
     */
    public VectorKernels(int bits, WorkerPool pool) {
        this.pool = pool;
        width = Width.of(bits);
        ops = width.instance(Ops.class, VectorOps.class);
        attention = new BlockedAttention(width.instance(AttentionTile.class, AttentionTileKernel.class));
        int3 = integer(3);
        int4 = integer(4);
        int5 = integer(5);
        int6 = integer(6);
        int8 = integer(8);
        nf4 = width.instance(WeightKernel.class, TableKernel.class, Nf4.values());
        iq4 = width.instance(WeightKernel.class, TableKernel.class, Iq4.values());
        dense = new DenseKernels(width);
        TileProduct product = width.instance(TileProduct.class, TileProductKernel.class);
        feedback = width.instance(Feedback.class, FeedbackKernel.class);
        blas = new VectorBlas(product, pool);
        matmul = new MatMul(product, pool);
    }

    private WeightKernel integer(int bits) {
        return width.instance(WeightKernel.class, IntegerKernel.class, bits);
    }

    @Override
    public void matmul(Matrix w, float[] x, int tokens, float[] y) {
        Checks.matmul(w, x, tokens, y);
        WeightKernel kernel = kernel(w);
        if (tokens == 1) {
            matvec.get().multiply(pool, kernel, w, x, y);
        } else if (tokens > 1) {
            matmul.multiply(kernel, w, x, tokens, y);
        }
    }

    private WeightKernel kernel(Matrix w) {
        return switch (w.layout()) {
            case Dense d -> dense.of(d.type());
            case Int8 i -> int8;
            case Int4 i -> int4;
            case IntN(int bits, int group) ->
                switch (bits) {
                    case 3 -> int3;
                    case 5 -> int5;
                    default -> int6;
                };
            case Nf4 n -> nf4;
            case Iq4 q -> iq4;
        };
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
        return "vector-" + width.bits();
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
