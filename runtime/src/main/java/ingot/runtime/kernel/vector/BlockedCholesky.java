package ingot.runtime.kernel.vector;

import ingot.runtime.kernel.Blas.Tile;
import ingot.runtime.kernel.Scratch;
import ingot.runtime.kernel.WorkerPool;
import ingot.runtime.kernel.vector.BlockedProduct.Region;
import ingot.runtime.kernel.vector.BlockedProduct.Shape;
import ingot.runtime.kernel.vector.TileProduct.Packed;

/**
 * Cholesky factorization by halves (Gustavson 1997): L₁₁ is the factor of the upper left half, L₂₁ = A₂₁·L₁₁⁻ᵀ, and L₂₂ is the
 * factor of A₂₂ − L₂₁·L₂₁ᵀ. The triangular system is solved by halves too, so that nearly all work is in products with long
 * sums.
 */
final class BlockedCholesky {
    /** Columns that are factored in plain loops; a multiple of it is where halves meet. */
    private static final int PLAIN = 32;

    /** Columns of a triangular system that are solved in one go. */
    private static final int SOLVED = 64;

    private static final int ROWS = TileProduct.ROWS;
    private static final int COLS = TileProduct.COLS;

    private final TileProduct kernel;
    private final BlockedProduct product;
    private final WorkerPool pool;
    private final Scratch triangles = new Scratch();
    private final Scratch panels = new Scratch();
    private final Scratch sums = new Scratch();

    BlockedCholesky(TileProduct kernel, BlockedProduct product, WorkerPool pool) {
        this.kernel = kernel;
        this.product = product;
        this.pool = pool;
    }

    /** As {@link ingot.runtime.kernel.Blas#cholesky}. */
    int factor(Tile a, int n) {
        if (n <= PLAIN) {
            return plain(a, n);
        }
        int half = half(n);
        int done = factor(a, half);
        if (done < half) {
            return done;
        }
        int below = n - half;
        Tile panel = a.at(half, 0);
        solve(a, half, panel, below);
        Factor rows = Factor.rows(panel);
        Tile rest = a.at(half, half);
        product.add(-1, rows, rows, rest, new Shape(below, half, below, Region.LOWER));
        return half + factor(rest, below);
    }

    private static int half(int n) {
        return (n / 2 + PLAIN - 1) / PLAIN * PLAIN;
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
        if (n <= SOLVED) {
            solvePanels(l, n, a, rows);
            return;
        }
        int half = half(n);
        solve(l, half, a, rows);
        Tile rest = a.at(0, half);
        Shape shape = new Shape(rows, half, n - half, Region.ALL);
        product.add(-1, Factor.rows(a), Factor.rows(l.at(half, 0)), rest, shape);
        solve(l.at(half, half), n - half, rest, rows);
    }

    /** 32 rows at a time, which are lanes meanwhile: twelve columns less what is known of them, then their triangle. */
    private void solvePanels(Tile l, int n, Tile a, int rows) {
        int length = n * ROWS;
        float[] triangle = triangles.floats((SOLVED + ROWS) * SOLVED);
        Factor factor = Factor.rows(l);
        for (int j = 0; j < n; j += ROWS) {
            factor.from(j, 0).packRows(-1, Math.min(ROWS, n - j), n, triangle, j / ROWS * length);
        }
        pool.run((rows - 1) / COLS + 1, task -> {
            float[] x = panels.floats((SOLVED + ROWS) * COLS);
            float[] room = sums.floats(TileProduct.TILE);
            Tile some = a.at(task * COLS, 0);
            int lanes = Math.min(COLS, rows - task * COLS);
            Factor.rows(some).packColumns(lanes, n, x, 0);
            for (int j = 0; j < n; j += ROWS) {
                Packed known = new Packed(triangle, j / ROWS * length);
                kernel.multiply(known, Math.min(ROWS, n - j), new Packed(x, 0), j, room, new Tile(x, j * COLS, COLS));
                kernel.solve(l.at(j, j), Math.min(ROWS, n - j), new Packed(x, j * COLS));
            }
            unpack(x, some, lanes, n);
        });
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
