package ingot.quant.gptq;

import ingot.runtime.kernel.Blas;
import ingot.runtime.kernel.Blas.Tile;

/**
 * What error feedback needs to know of the inputs of a matrix: H + λI = M·D·Mᵀ with M unit lower triangular and D diagonal,
 * in the order of {@link Order}. The error of rounding, tr(E·H·Eᵀ), is Σ Dₖ·‖(E·M)ₖ‖², so with columns rounded from the last
 * to the first, column k is best rounded as wₖ + Σ_{j&gt;k} eⱼ·Mⱼₖ with e = w − ŵ: what GPTQ does with the Cholesky factor of
 * H⁻¹, after one factorisation instead of three steps (LDLQ; Chee et al. 2023, QuIP, theorem 1).
 *
 * @param m M, row-major [n][n], below the diagonal; H above it, for its factorisation takes place below alone
 * @param d D [n]
 * @param diagonal of H + λI [n]
 * @param damping λ ÷ mean of H's diagonal
 */
@SuppressWarnings("ArrayRecordComponent") // large arrays, never compared
public record Factor(Order order, float[] m, float[] d, float[] diagonal, double damping) {
    /** First λ, as a share of the mean of H's diagonal; the classic value of the reference. */
    public static final double DAMPING = 0.01;

    /** How often λ grows tenfold before a matrix is given up. */
    private static final int ATTEMPTS = 5;

    private static final int BLOCK = 32;

    /** Error feedback is not to be had: H cannot be factored, or the numbers leave what f32 or a scale can hold. */
    public static final class Impossible extends Exception {
        private static final long serialVersionUID = 1L;

        Impossible(String reason) {
            super(reason);
        }
    }

    /**
     * Factors H in place.
     *
     * @param h Σ x·xᵀ over the tokens, the lower triangle of [n][n]; belongs to the factor from then on
     * @param kept columns that stay together
     */
    public static Factor of(float[] h, int n, Units kept, Order.Kind kind, Blas blas) throws Impossible {
        float[] diagonal = new float[n];
        double sum = 0;
        for (int i = 0; i < n; i++) {
            diagonal[i] = h[i * n + i];
            sum += diagonal[i];
        }
        if (!(sum > 0) || Double.isInfinite(sum)) {
            throw new Impossible(sum == 0 ? "its inputs are zero" : "its inputs are not finite");
        }
        Order order = Order.of(kind, diagonal, kept);
        toUpper(h, n, order.columns());
        double damping = DAMPING;
        for (int attempt = 0; attempt < ATTEMPTS; attempt++, damping *= 10) {
            float lambda = (float) (damping * sum / n);
            toLower(h, n);
            float[] damped = new float[n];
            for (int i = 0; i < n; i++) {
                damped[i] = diagonal[order.columns()[i]] + lambda;
                h[i * n + i] = damped[i];
            }
            if (blas.cholesky(h, n) == n) {
                return new Factor(order, h, unitDiagonal(h, n), damped, damping);
            }
        }
        throw new Impossible("its Hessian has no Cholesky factor");
    }

    /** Writes H in the order of {@code columns} above the diagonal, which the factorisation leaves alone. */
    private static void toUpper(float[] h, int n, int[] columns) {
        for (int ib = 0; ib < n; ib += BLOCK) {
            for (int jb = ib; jb < n; jb += BLOCK) {
                for (int i = ib; i < Math.min(n, ib + BLOCK); i++) {
                    int a = columns[i];
                    for (int j = Math.max(i + 1, jb); j < Math.min(n, jb + BLOCK); j++) {
                        int b = columns[j];
                        h[i * n + j] = a > b ? h[a * n + b] : h[b * n + a];
                    }
                }
            }
        }
    }

    private static void toLower(float[] h, int n) {
        for (int ib = 0; ib < n; ib += BLOCK) {
            for (int jb = 0; jb <= ib; jb += BLOCK) {
                for (int i = ib; i < Math.min(n, ib + BLOCK); i++) {
                    for (int j = jb; j < Math.min(i, jb + BLOCK); j++) {
                        h[i * n + j] = h[j * n + i];
                    }
                }
            }
        }
    }

    /** L → M, and returns D. */
    private static float[] unitDiagonal(float[] l, int n) {
        float[] inverse = new float[n];
        float[] d = new float[n];
        for (int i = 0; i < n; i++) {
            d[i] = l[i * n + i] * l[i * n + i];
            inverse[i] = 1 / l[i * n + i];
        }
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < i; j++) {
                l[i * n + j] *= inverse[j];
            }
            l[i * n + i] = 1;
        }
        return d;
    }

    /** Number of columns. */
    public int n() {
        return d.length;
    }

    /** An element of H + λI. */
    float h(int i, int j) {
        return i == j ? diagonal[i] : i < j ? m[i * n() + j] : m[j * n() + i];
    }

    /** A row of H + λI. */
    void row(int i, float[] out) {
        int n = n();
        for (int j = 0; j < i; j++) {
            out[j] = m[j * n + i];
        }
        out[i] = diagonal[i];
        System.arraycopy(m, i * n + i + 1, out, i + 1, n - i - 1);
    }

    Tile tile(int row, int col) {
        return new Tile(m, row * n() + col, n());
    }

    /**
     * tr(X·(H + λI)·Xᵀ) for rows in the factor's order; used as the size of the outputs a matrix makes.
     *
     * @param x [rows][n]
     */
    double energy(float[] x, int rows, Blas blas) {
        int n = n();
        int step = 128;
        float[] y = new float[rows * step];
        double total = 0;
        for (int from = 0; from < n; from += step) {
            int cols = Math.min(step, n - from);
            for (int r = 0; r < rows; r++) {
                for (int k = 0; k < cols; k++) {
                    double sum = x[r * n + from + k];
                    for (int j = k + 1; j < cols; j++) {
                        sum += x[r * n + from + j] * m[(from + j) * n + from + k];
                    }
                    y[r * step + k] = (float) sum;
                }
            }
            if (from + cols < n) {
                blas.multiplyAdd(
                        1,
                        new Tile(x, from + cols, n),
                        tile(from + cols, from),
                        new Tile(y, 0, step),
                        rows,
                        n - from - cols,
                        cols);
            }
            for (int r = 0; r < rows; r++) {
                for (int k = 0; k < cols; k++) {
                    total += (double) d[from + k] * y[r * step + k] * y[r * step + k];
                }
            }
        }
        return total;
    }
}
