package ingot.runtime.kernel.vector;

import ingot.runtime.kernel.Blas.Tile;
import ingot.runtime.kernel.Scratch;
import ingot.runtime.kernel.WorkerPool;
import ingot.runtime.kernel.vector.BlockedProduct.Region;
import ingot.runtime.kernel.vector.BlockedProduct.Shape;
import ingot.runtime.kernel.vector.TileProduct.Packed;

/**
 * Right-looking Cholesky factorization in blocks (Golub and Van Loan 2013, 4.2.6): the diagonal block L₁₁ is factored, the
 * rows below become L₂₁ = A₂₁·L₁₁⁻ᵀ, and L₂₁·L₂₁ᵀ is subtracted from the rest. A diagonal block of {@value #OUTER} columns is
 * factored in the same way with blocks of {@value #INNER}, and those in plain loops.
 */
final class BlockedCholesky {
    private static final int OUTER = 128;
    private static final int INNER = 32;
    private static final int ROWS = TileProduct.ROWS;
    private static final int COLS = TileProduct.COLS;

    private final TileProduct kernel;
    private final BlockedProduct product;
    private final WorkerPool pool;
    private final Scratch triangles = new Scratch();
    private final Scratch panels = new Scratch();

    BlockedCholesky(TileProduct kernel, BlockedProduct product, WorkerPool pool) {
        this.kernel = kernel;
        this.product = product;
        this.pool = pool;
    }

    /** As {@link ingot.runtime.kernel.Blas#cholesky}. */
    int factor(Tile a, int n) {
        return factor(a, n, OUTER);
    }

    private int factor(Tile a, int n, int step) {
        for (int j = 0; j < n; j += step) {
            int size = Math.min(step, n - j);
            Tile diagonal = a.at(j, j);
            int done = step == OUTER ? factor(diagonal, size, INNER) : plain(diagonal, size);
            if (done < size) {
                return j + done;
            }
            int below = n - j - size;
            if (below > 0) {
                Tile panel = a.at(j + size, j);
                solve(diagonal, size, panel, below);
                Factor rows = Factor.rows(panel);
                product.add(-1, rows, rows, a.at(j + size, j + size), new Shape(below, size, below, Region.LOWER));
            }
        }
        return n;
    }

    private static int plain(Tile a, int n) {
        float[] d = a.data();
        for (int i = 0; i < n; i++) {
            int row = a.at() + i * a.stride();
            for (int j = 0; j <= i; j++) {
                int other = a.at() + j * a.stride();
                float rest = d[row + j];
                for (int k = 0; k < j; k++) {
                    rest = Math.fma(-d[row + k], d[other + k], rest);
                }
                if (j < i) {
                    d[row + j] = rest / d[other + j];
                } else if (rest > 0 && rest < Float.POSITIVE_INFINITY) {
                    d[row + j] = (float) Math.sqrt(rest);
                } else {
                    return i;
                }
            }
        }
        return n;
    }

    /** x = a·l⁻ᵀ in place of a, for {@code rows} rows; l is n×n. */
    private void solve(Tile l, int n, Tile a, int rows) {
        int length = n * ROWS;
        float[] triangle = triangles.floats((OUTER + ROWS) * OUTER);
        Factor factor = Factor.rows(l);
        for (int j = 0; j < n; j += ROWS) {
            factor.from(j, 0).pack(-1, Math.min(ROWS, n - j), n, triangle, j / ROWS * length, ROWS);
        }
        pool.run((rows - 1) / COLS + 1, task -> {
            float[] x = panels.floats((OUTER + ROWS) * COLS);
            int lanes = Math.min(COLS, rows - task * COLS);
            Factor.rows(a.at(task * COLS, 0)).pack(1, lanes, n, x, 0, COLS);
            for (int j = 0; j < n; j += ROWS) {
                kernel.multiply(
                        new Packed(triangle, j / ROWS * length), 1, new Packed(x, 0), j, new Tile(x, j * COLS, COLS));
                solve(l, j, Math.min(ROWS, n - j), x);
            }
            unpack(x, a.at(task * COLS, 0), lanes, n);
        });
    }

    /** The rest of columns j … j+count−1, one output row per lane. */
    private static void solve(Tile l, int j, int count, float[] x) {
        for (int i = j; i < j + count; i++) {
            int row = l.at() + i * l.stride();
            for (int k = j; k < i; k++) {
                float factor = -l.data()[row + k];
                for (int lane = 0; lane < COLS; lane++) {
                    x[i * COLS + lane] = Math.fma(factor, x[k * COLS + lane], x[i * COLS + lane]);
                }
            }
            float pivot = l.data()[row + i];
            for (int lane = 0; lane < COLS; lane++) {
                x[i * COLS + lane] /= pivot;
            }
        }
    }

    private static void unpack(float[] x, Tile a, int rows, int n) {
        for (int i = 0; i < rows; i++) {
            int row = a.at() + i * a.stride();
            for (int j = 0; j < n; j++) {
                a.data()[row + j] = x[j * COLS + i];
            }
        }
    }
}
