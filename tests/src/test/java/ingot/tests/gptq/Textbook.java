package ingot.tests.gptq;

import java.util.Arrays;
import java.util.Comparator;

/**
 * Error feedback as the papers write it, in f64, on one row at a time and with given scales. GPTQ (Frantar et al. 2022,
 * algorithm 1): the upper Cholesky factor of the inverse Hessian, column by column, the first one first. LDLQ (Chee et al.
 * 2023, QuIP): H = U·D·Uᵀ, feedback from the original weights' errors. They are the same numbers; both are here, because
 * Ingot's is neither.
 */
final class Textbook {
    private Textbook() {}

    /** Columns in the order of rounding: groups that matter most first, the strongest column of a group first. */
    static int[] activationOrder(double[][] h, int group) {
        int n = h.length;
        int groups = Math.ceilDiv(n, group);
        double[] sum = new double[groups];
        Integer[] columns = new Integer[n];
        for (int i = 0; i < n; i++) {
            sum[i / group] += h[i][i];
            columns[i] = i;
        }
        Arrays.sort(
                columns,
                Comparator.comparingDouble((Integer c) -> -sum[c / group])
                        .thenComparing(c -> -c / group)
                        .thenComparingDouble(c -> -h[c][c])
                        .thenComparing(c -> -c));
        return Arrays.stream(columns).mapToInt(c -> c).toArray();
    }

    /** Ingot's natural order is the last column first. */
    static int[] naturalOrder(int n) {
        int[] order = new int[n];
        Arrays.setAll(order, i -> n - 1 - i);
        return order;
    }

    /** H + λI, rows and columns in the order given. */
    static double[][] damped(double[][] h, int[] order, double damping) {
        int n = h.length;
        double mean = 0;
        for (int i = 0; i < n; i++) {
            mean += h[i][i] / n;
        }
        double[][] out = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                out[i][j] = h[order[i]][order[j]] + (i == j ? damping * mean : 0);
            }
        }
        return out;
    }

    /** Lower factor L, a = L·Lᵀ. */
    static double[][] cholesky(double[][] a) {
        int n = a.length;
        double[][] l = new double[n][n];
        for (int j = 0; j < n; j++) {
            for (int i = j; i < n; i++) {
                double sum = a[i][j];
                for (int k = 0; k < j; k++) {
                    sum -= l[i][k] * l[j][k];
                }
                l[i][j] = i == j ? Math.sqrt(sum) : sum / l[j][j];
            }
        }
        return l;
    }

    /** By the factor: L·Lᵀ·x = unit vector, column by column. */
    static double[][] inverse(double[][] a) {
        int n = a.length;
        double[][] l = cholesky(a);
        double[][] across = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                across[j][i] = l[i][j];
            }
        }
        double[][] inverse = new double[n][n];
        for (int c = 0; c < n; c++) {
            double[] y = new double[n];
            for (int i = 0; i < n; i++) {
                double sum = i == c ? 1 : 0;
                for (int k = 0; k < i; k++) {
                    sum -= l[i][k] * y[k];
                }
                y[i] = sum / l[i][i];
            }
            for (int i = n - 1; i >= 0; i--) {
                double sum = y[i];
                for (int k = i + 1; k < n; k++) {
                    sum -= across[i][k] * y[k];
                }
                y[i] = sum / l[i][i];
                inverse[i][c] = y[i];
            }
        }
        return inverse;
    }

    /** Upper factor U of a symmetric matrix, a = Uᵀ·U. */
    static double[][] upper(double[][] a) {
        double[][] l = cholesky(a);
        double[][] u = new double[a.length][a.length];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j <= i; j++) {
                u[j][i] = l[i][j];
            }
        }
        return u;
    }

    /** Rounds to levels · scale; remembers how near any decision was to a tie, in levels. */
    static final class Rounder {
        final double[] levels;
        double margin = Double.POSITIVE_INFINITY;

        /** @param levels ascending */
        Rounder(double... levels) {
            this.levels = levels;
        }

        double nearest(double x) {
            int best = 0;
            for (int i = 1; i < levels.length; i++) {
                margin = Math.min(margin, Math.abs(x - (levels[i - 1] + levels[i]) / 2));
                best = Math.abs(x - levels[i]) < Math.abs(x - levels[best]) ? i : best;
            }
            return levels[best];
        }
    }

    /**
     * @param u upper Cholesky factor of the inverse of H + λI
     * @param w a row; {@code scale} of each column, alike
     */
    static double[] gptq(double[][] u, double[] w, double[] scale, Rounder grid) {
        int n = w.length;
        double[] work = w.clone();
        double[] levels = new double[n];
        for (int k = 0; k < n; k++) {
            levels[k] = grid.nearest(work[k] / scale[k]);
            double error = (work[k] - levels[k] * scale[k]) / u[k][k];
            for (int j = k; j < n; j++) {
                work[j] -= error * u[k][j];
            }
        }
        return levels;
    }

    /** The same by H = U·D·Uᵀ, U unit upper triangular: ŵₖ = Q(wₖ + Σ_{j<k} (wⱼ − ŵⱼ)·Uⱼₖ). */
    static double[] ldlq(double[][] h, double[] w, double[] scale, Rounder grid) {
        int n = w.length;
        double[][] a = new double[n][];
        Arrays.setAll(a, i -> h[i].clone());
        double[][] u = new double[n][n];
        for (int k = n - 1; k >= 0; k--) {
            for (int i = 0; i <= k; i++) {
                u[i][k] = a[i][k] / a[k][k];
            }
            double[] column = new double[k];
            for (int i = 0; i < k; i++) {
                column[i] = u[i][k];
            }
            for (int i = 0; i < k; i++) {
                double scaled = column[i] * a[k][k];
                for (int j = 0; j < k; j++) {
                    a[i][j] -= scaled * column[j];
                }
            }
        }
        double[] levels = new double[n];
        for (int k = 0; k < n; k++) {
            double target = w[k];
            for (int j = 0; j < k; j++) {
                target += (w[j] - levels[j] * scale[j]) * u[j][k];
            }
            levels[k] = grid.nearest(target / scale[k]);
        }
        return levels;
    }

    /** One pass of coordinate descent, in the order of rounding; h is symmetric. */
    static void descend(double[][] h, double[] w, double[] scale, double[] levels, Rounder grid) {
        int n = w.length;
        for (int k = 0; k < n; k++) {
            double g = 0;
            for (int j = 0; j < n; j++) {
                g += (w[j] - levels[j] * scale[j]) * h[k][j];
            }
            levels[k] = grid.nearest(levels[k] + g / (h[k][k] * scale[k]));
        }
    }

    /** e·H·eᵀ. */
    static double energy(double[][] h, double[] e) {
        double total = 0;
        for (int i = 0; i < e.length; i++) {
            for (int j = 0; j < e.length; j++) {
                total += e[i] * h[i][j] * e[j];
            }
        }
        return total;
    }

    /** tr(E·H·Eᵀ) of the errors E of all rows. */
    static double weighted(double[][] h, float[] w, float[] stored) {
        int n = h.length;
        double total = 0;
        for (int at = 0; at < w.length; at += n) {
            double[] e = new double[n];
            for (int k = 0; k < n; k++) {
                e[k] = (double) w[at + k] - stored[at + k];
            }
            total += energy(h, e);
        }
        return total;
    }
}
