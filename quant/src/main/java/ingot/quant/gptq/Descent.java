package ingot.quant.gptq;

import ingot.runtime.kernel.Blas;
import ingot.runtime.kernel.Blas.Tile;

/**
 * Coordinate descent behind a {@link Sweep}: the sweep fixes a column before it knows the errors of those that follow; here
 * every level is reconsidered with all others known. With g = e·H, moving a stored weight by δ changes e·H·eᵀ by δ²·Hₖₖ − 2δ·gₖ,
 * which is least at δ = gₖ ÷ Hₖₖ; the level nearest to that is taken, and g follows. The error never grows (QuantEase;
 * Behdin et al. 2023, applied to rounded weights).
 */
final class Descent {
    private static final int BLOCK = 128;

    private final Factor factor;
    private final Grid grid;
    private final Blas blas;
    private final int n;

    Descent(Factor factor, Grid grid, Blas blas) {
        this.factor = factor;
        this.grid = grid;
        this.blas = blas;
        this.n = factor.n();
    }

    /** Reconsiders every level once; errors and levels are kept in step. */
    void improve(State state) {
        int rows = state.rows();
        float[] e = state.errors();
        float[] levels = state.levels();
        float[] g = gradient(e, rows);
        float[] line = new float[n];
        int units = state.units();
        for (int k = n - 1; k >= 0; k--) {
            boolean fetched = false;
            float curvature = factor.h(k, k);
            for (int r = 0; r < rows; r++) {
                float scale = state.scales()[r * units + state.unitOf()[k]];
                if (scale == 0) {
                    continue;
                }
                float old = levels[r * n + k];
                float level = grid.nearest(old + g[r * n + k] / (curvature * scale));
                if (level == old) {
                    continue;
                }
                if (!fetched) {
                    factor.row(k, line);
                    fetched = true;
                }
                float delta = (level - old) * scale;
                levels[r * n + k] = level;
                e[r * n + k] -= delta;
                int at = r * n;
                for (int j = 0; j < n; j++) {
                    g[at + j] -= delta * line[j];
                }
            }
        }
    }

    /** g = e·(H + λI). */
    private float[] gradient(float[] e, int rows) {
        float[] g = new float[rows * n];
        float[] tile = new float[BLOCK * BLOCK];
        for (int from = 0; from < n; from += BLOCK) {
            int cols = Math.min(BLOCK, n - from);
            for (int row = 0; row < n; row += BLOCK) {
                int depth = Math.min(BLOCK, n - row);
                for (int i = 0; i < depth; i++) {
                    for (int j = 0; j < cols; j++) {
                        tile[i * BLOCK + j] = factor.h(row + i, from + j);
                    }
                }
                blas.multiplyAdd(
                        1, new Tile(e, row, n), new Tile(tile, 0, BLOCK), new Tile(g, from, n), rows, depth, cols);
            }
        }
        return g;
    }
}
