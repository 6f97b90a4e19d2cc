package ingot.quant.gptq;

import ingot.runtime.kernel.Blas;
import ingot.runtime.kernel.Blas.Tile;
import java.util.Arrays;

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

    /** The diagonal block of H + λI from column {@code from} on, [size][size] in rows of {@code stride}. */
    void block(int from, int size, float[] out, int stride) {
        for (int i = 0; i < size; i++) {
            out[i * stride + i] = diagonal[from + i];
            for (int j = i + 1; j < size; j++) {
                float h = m[(from + i) * n() + from + j];
                out[i * stride + j] = h;
                out[j * stride + i] = h;
            }
        }
    }

    /** A window of M where it lies below the diagonal, of H where it lies above. */
    Tile tile(int row, int col) {
        return new Tile(m, row * n() + col, n());
    }

    /**
     * x·(H + λI)·xᵀ of every row, in the factor's order: the energy of the output it makes.
     *
     * @param x [rows][n]
     */
    double[] energies(float[] x, int rows, Blas blas) {
        int n = n();
        int step = 512;
        float[] y = new float[rows * step];
        float[] block = new float[step * step];
        double[] total = new double[rows];
        for (int from = 0; from < n; from += step) {
            int cols = Math.min(step, n - from);
            Arrays.fill(y, 0);
            for (int i = 0; i < cols; i++) {
                System.arraycopy(m, (from + i) * n + from, block, i * step, i + 1);
            }
            Tile out = new Tile(y, 0, step);
            blas.multiplyAdd(1, new Tile(x, from, n), new Tile(block, 0, step), out, rows, cols, cols);
            int rest = n - from - cols;
            if (rest > 0) {
                Tile below = tile(from + cols, from);
                blas.multiplyAdd(1, new Tile(x, from + cols, n), below, out, rows, rest, cols);
            }
            for (int r = 0; r < rows; r++) {
                for (int k = 0; k < cols; k++) {
                    total[r] += (double) d[from + k] * y[r * step + k] * y[r * step + k];
                }
            }
        }
        return total;
    }
}
