package ingot.quant.gptq;

import ingot.runtime.kernel.Blas;
import ingot.runtime.kernel.Blas.Tile;
import ingot.runtime.kernel.Levels;
import java.util.Arrays;

/**
 * Coordinate descent behind a {@link Sweep}: the sweep fixes a column before it knows the errors of those that follow; here
 * every level is reconsidered with all others known. With g = e·H, moving a stored weight by δ changes e·H·eᵀ by δ²·Hₖₖ − 2δ·gₖ,
 * which is least at δ = gₖ ÷ Hₖₖ; the level nearest to that is taken, and g follows. The error never grows (QuantEase;
 * Behdin et al. 2023, applied to rounded weights). What a move brings is booked with the g that chose it: a row's error is off by
 * at most 2·Σ|δₖ|·Δₖ, Δₖ ≤ (n + 2)·ε·Σⱼ|eⱼ·Hⱼₖ| being the error of g.
 */
final class Descent {
    private static final int BLOCK = 512;

    /** Rows that a line of H meets: their numbers stay in the first-level cache. */
    private static final int TOGETHER = 16;

    private final Factor factor;
    private final Levels numbers;
    private final Blas blas;
    private final int n;

    Descent(Factor factor, Grid grid, Blas blas) {
        this.factor = factor;
        this.numbers = grid.numbers();
        this.blas = blas;
        this.n = factor.n();
    }

    /**
     * Reconsiders every level once, a block of columns at a time: the gradient of a block is a matrix product, and only
     * moves inside the block are followed one by one. Errors and levels are kept in step.
     */
    void improve(State state) {
        int rows = state.rows();
        float[] e = state.errors();
        float[] g = new float[rows * BLOCK];
        float[] h = new float[BLOCK * BLOCK];
        for (int from = (n - 1) / BLOCK * BLOCK; from >= 0; from -= BLOCK) {
            int cols = Math.min(BLOCK, n - from);
            factor.block(from, cols, h, BLOCK);
            gradient(e, rows, new Columns(from, cols), h, g);
            for (int r = 0; r < rows; r += TOGETHER) {
                move(state, r, Math.min(rows, r + TOGETHER), new Columns(from, cols), h, g);
            }
        }
    }

    /** Follows the moves inside a block of columns, of rows {@code first … end}. */
    private void move(State state, int first, int end, Columns block, float[] h, float[] g) {
        float[] levels = state.levels();
        int units = state.units();
        for (int k = block.n() - 1; k >= 0; k--) {
            float curvature = h[k * BLOCK + k];
            int unit = state.unitOf()[block.from() + k];
            for (int r = first; r < end; r++) {
                float scale = state.scales()[r * units + unit];
                if (scale == 0) {
                    continue;
                }
                int at = r * n + block.from() + k;
                float old = levels[at];
                float gradient = g[r * BLOCK + k];
                float level = numbers.nearest(old + gradient / (curvature * scale));
                if (level == old) {
                    continue;
                }
                float delta = (level - old) * scale;
                levels[at] = level;
                state.errors()[at] -= delta;
                state.outputs()[r] += delta * ((double) delta * curvature - 2.0 * gradient);
                blockMove(g, r * BLOCK, delta, h, k);
            }
        }
    }

    /** What moving column {@code k} of a row does to the gradient of the columns still to come. */
    private static void blockMove(float[] g, int at, float delta, float[] h, int k) {
        int line = k * BLOCK;
        for (int j = 0; j < k; j++) {
            g[at + j] -= delta * h[line + j];
        }
    }

    private record Columns(int from, int n) {}

    /** g = e·(H + λI) for a block of columns, whose own block of H is {@code h}. */
    private void gradient(float[] e, int rows, Columns block, float[] h, float[] g) {
        int from = block.from();
        int cols = block.n();
        int end = from + cols;
        Arrays.fill(g, 0);
        Tile out = new Tile(g, 0, BLOCK);
        if (from > 0) {
            blas.multiplyAdd(1, new Tile(e, 0, n), factor.tile(0, from), out, rows, from, cols);
        }
        blas.multiplyAdd(1, new Tile(e, from, n), new Tile(h, 0, BLOCK), out, rows, cols, cols);
        if (end < n) {
            blas.multiplyAddTransposed(new Tile(e, end, n), factor.tile(from, end), out, rows, n - end, cols);
        }
    }
}
