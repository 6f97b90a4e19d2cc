package ingot.runtime.kernel.vector;

import ingot.formats.IngotException;
import ingot.formats.block.Dense;
import ingot.formats.block.Int4;
import ingot.formats.block.Int8;
import ingot.formats.block.IntN;
import ingot.formats.block.Iq4;
import ingot.formats.block.Nf4;
import ingot.runtime.kernel.AttentionKernel;
import ingot.runtime.kernel.Blas;
import ingot.runtime.kernel.Blas.Tile;
import ingot.runtime.kernel.Checks;
import ingot.runtime.kernel.Feedback;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.Matrix;
import ingot.runtime.kernel.Ops;
import ingot.runtime.kernel.Scratch;
import ingot.runtime.kernel.WorkerPool;
import ingot.runtime.kernel.vector.TileProduct.Packed;
import java.util.Arrays;
import java.util.function.IntConsumer;

/**
 * f32 through the Vector API. One token: every type has its own matrix-vector product ({@link WeightKernel#matvec}).
 * Several: the weights of 32 rows are expanded to f32, 512 columns at a time, and multiplied with all tokens
 * ({@link TileProduct}), the same for all types.
 *
 * <p>Bounds, with ε = 2⁻²⁴, n columns and m the magnitude that is summed: an output differs from the exact Wx by at most
 * n·ε·m. For several tokens, and for dense weights, m = Σ|wᵢ·xᵢ|. For one token of the integer types the stored code u is
 * summed first and m = Σ scale·(u + bias)·|xᵢ| with the type's bias, 128 for int8 and 8 for int4.
 */
public final class VectorKernels implements Kernels {
    /** Columns of a panel: 32 rows of them are 64 KiB, which stay in the second-level cache with the activations. */
    private static final int PANEL_COLS = 512;

    /** A panel may be overrun by the columns of one word. */
    private static final int SLACK = 8;

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
    private final TileProduct product;
    private final ThreadLocal<MatVec> matvec = ThreadLocal.withInitial(MatVec::new);
    private final Scratch prepared = new Scratch();
    private final Scratch panels = new Scratch();
    private final Scratch sums = new Scratch();

    /**
     * Loads the kernels of a width and starts the threads.
     *
     * @param bits 128, 256, 512, or 0 for the preferred width
     * @throws IngotException.Usage for other widths
     */
    public VectorKernels(int bits, int threads) {
        width = Width.of(bits);
        ops = width.instance(Ops.class, VectorOps.class);
        attention = new VectorAttention(width.instance(AttentionTile.class, AttentionTileKernel.class));
        int3 = integer(3);
        int4 = integer(4);
        int5 = integer(5);
        int6 = integer(6);
        int8 = integer(8);
        nf4 = width.instance(WeightKernel.class, TableKernel.class, Nf4.values());
        iq4 = width.instance(WeightKernel.class, TableKernel.class, Iq4.values());
        dense = new DenseKernels(width);
        product = width.instance(TileProduct.class, TileProductKernel.class);
        pool = new WorkerPool(threads);
        feedback = width.instance(Feedback.class, FeedbackKernel.class);
        blas = new VectorBlas(product, pool);
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
            several(kernel, w, pack(x, w.cols(), tokens), tokens, y);
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

    private Activations pack(float[] x, int cols, int tokens) {
        int tiles = Activations.tiles(tokens);
        int length = Math.multiplyExact(Math.multiplyExact(tiles, TileProduct.ROWS), cols);
        Activations packed = new Activations(prepared.floats(length), cols, tiles);
        pool.run(tiles, tile -> packed.pack(x, tokens, tile));
        return packed;
    }

    private void several(WeightKernel kernel, Matrix w, Activations x, int tokens, float[] y) {
        pool.run((w.rows() - 1) / TileProduct.COLS + 1, task -> {
            float[] panel = panels.floats((PANEL_COLS + SLACK) * TileProduct.COLS);
            int sumLength = x.tiles() * TileProduct.TILE;
            float[] sum = sums.floats(sumLength + TileProduct.TILE);
            Arrays.fill(sum, TileProduct.TILE, TileProduct.TILE + sumLength, 0);
            int row = task * TileProduct.COLS;
            int rows = Math.min(TileProduct.COLS, w.rows() - row);
            int block = row / WeightKernel.ROWS;
            for (int col = 0; col < w.cols(); col += PANEL_COLS) {
                int cols = Math.min(PANEL_COLS, w.cols() - col);
                kernel.expand(w, block, col, cols, panel, 0);
                if (rows > WeightKernel.ROWS) {
                    kernel.expand(w, block + 1, col, cols, panel, WeightKernel.ROWS);
                }
                Packed weights = new Packed(panel, 0);
                for (int tile = 0; tile < x.tiles(); tile++) {
                    int wanted = Math.min(TileProduct.ROWS, tokens - tile * TileProduct.ROWS);
                    Tile out = new Tile(sum, (tile + 1) * TileProduct.TILE, TileProduct.COLS);
                    product.multiply(x.tile(tile, col), wanted, weights, cols, sum, out);
                }
            }
            for (int t = 0; t < tokens; t++) {
                System.arraycopy(sum, TileProduct.TILE + t * TileProduct.COLS, y, t * w.rows() + row, rows);
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
