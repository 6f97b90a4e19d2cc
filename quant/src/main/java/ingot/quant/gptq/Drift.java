package ingot.quant.gptq;

import ingot.runtime.kernel.Blas;
import ingot.runtime.kernel.Blas.Tile;
import ingot.runtime.kernel.Kernels;

/**
 * What the inputs of a matrix have drifted from those of the full-precision model. A matrix behind rounded ones sees x̂ where
 * the model had x; Σ‖W·x − Ŵ·x̂‖² is tr((W' − Ŵ)·H·(W' − Ŵ)ᵀ) and something that no Ŵ changes, with H = Σ x̂·x̂ᵀ,
 * D = Σ (x − x̂)·x̂ᵀ and W' = W + W·D·H⁻¹. So rounding W' instead of W also makes up for errors of the matrices before
 * (GPTAQ; Li et al. 2025, which feeds only a part of D back, times 0.25). Where the outputs are added to a residual stream
 * ŷ that has drifted from y as well, R = Σ (y − ŷ)·x̂ᵀ joins W·D. H is damped as everywhere.
 *
 * @param d D, row-major [n][n], or of no length where W·D is in {@code r}
 * @param r R, row-major [rows][n], or of no length
 * @param strength α, how much of the correction is applied: W' = W + α·(W·D + R)·(H + λI)⁻¹
 */
@SuppressWarnings("ArrayRecordComponent") // a large array, never compared
public record Drift(float[] d, float[] r, float strength) {
    private static final int BLOCK = 128;

    /** Rows of a task. */
    private static final int ROWS = 64;

    /**
     * What to round in place of {@code w}. Rows do not depend on each other.
     *
     * @param w [rows][n]
     * @param factor of H + λI
     * @return W' [rows][n]; not finite where the numbers leave f32
     */
    public float[] target(float[] w, int rows, Factor factor, Kernels kernels) {
        int n = factor.n();
        float[] target = w.clone();
        if (r.length > 0 && r.length != rows * n) {
            throw new IllegalArgumentException("a drift of " + r.length / n + " outputs for " + rows);
        }
        kernels.parallel(Math.ceilDiv(rows, ROWS), task -> {
            int first = task * ROWS;
            int count = Math.min(ROWS, rows - first);
            float[] product = new float[count * n];
            for (int i = 0; i < product.length && r.length > 0; i++) {
                product[i] = strength * r[first * n + i];
            }
            if (d.length > 0) {
                Tile some = new Tile(w, first * n, n);
                kernels.blas().multiplyAdd(strength, some, new Tile(d, 0, n), new Tile(product, 0, n), count, n, n);
            }
            float[] x = factor.order().arrange(product, count);
            divide(x, count, factor, kernels.blas());
            int[] columns = factor.order().columns();
            for (int row = 0; row < count; row++) {
                for (int k = 0; k < n; k++) {
                    target[(first + row) * n + columns[k]] += x[row * n + k];
                }
            }
        });
        return target;
    }

    /** x ← x·(M·D·Mᵀ)⁻¹, rows in the factor's order. */
    private static void divide(float[] x, int rows, Factor factor, Blas blas) {
        int n = factor.n();
        float[] m = factor.m();
        float[] across = new float[BLOCK * BLOCK];
        // x·M⁻ᵀ, first column first.
        for (int from = 0; from < n; from += BLOCK) {
            int cols = Math.min(BLOCK, n - from);
            for (int before = 0; before < from; before += BLOCK) {
                for (int k = 0; k < BLOCK; k++) {
                    for (int j = 0; j < cols; j++) {
                        across[k * BLOCK + j] = m[(from + j) * n + before + k];
                    }
                }
                blas.multiplyAdd(
                        -1,
                        new Tile(x, before, n),
                        new Tile(across, 0, BLOCK),
                        new Tile(x, from, n),
                        rows,
                        BLOCK,
                        cols);
            }
            for (int row = 0; row < rows; row++) {
                for (int j = 0; j < cols; j++) {
                    double sum = x[row * n + from + j];
                    for (int k = 0; k < j; k++) {
                        sum -= (double) x[row * n + from + k] * m[(from + j) * n + from + k];
                    }
                    x[row * n + from + j] = (float) sum;
                }
            }
        }
        for (int row = 0; row < rows; row++) {
            for (int k = 0; k < n; k++) {
                x[row * n + k] /= factor.d()[k];
            }
        }
        // x·M⁻¹, last column first.
        for (int from = (n - 1) / BLOCK * BLOCK; from >= 0; from -= BLOCK) {
            int cols = Math.min(BLOCK, n - from);
            int behind = from + cols;
            if (behind < n) {
                blas.multiplyAdd(
                        -1,
                        new Tile(x, behind, n),
                        factor.tile(behind, from),
                        new Tile(x, from, n),
                        rows,
                        n - behind,
                        cols);
            }
            for (int row = 0; row < rows; row++) {
                for (int j = cols - 1; j >= 0; j--) {
                    double sum = x[row * n + from + j];
                    for (int k = j + 1; k < cols; k++) {
                        sum -= (double) x[row * n + from + k] * m[(from + k) * n + from + j];
                    }
                    x[row * n + from + j] = (float) sum;
                }
            }
        }
    }
}
