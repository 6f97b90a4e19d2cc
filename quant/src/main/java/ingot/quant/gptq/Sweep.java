package ingot.quant.gptq;

import ingot.quant.gptq.GroupCoder.Run;
import ingot.runtime.kernel.Blas;
import ingot.runtime.kernel.Blas.Tile;

/**
 * Rounds rows of a matrix with error feedback. Rows do not depend on each other, so any split of them gives the same numbers.
 */
public final class Sweep {
    /** Columns whose feedback is applied one by one; the rest of it is a matrix product. */
    private static final int BLOCK = 128;

    /** Groups up to this long get their scale with feedback; longer ones from their weights alone. */
    private static final int SEARCHED = 256;

    private final Factor factor;
    private final Grid grid;
    private final ScaleRule rule;
    private final int group;
    private final Blas blas;

    /** @param group columns of the matrix that share a scale */
    public Sweep(Factor factor, Grid grid, ScaleRule rule, int group, Blas blas) {
        this.factor = factor;
        this.grid = grid;
        this.rule = rule;
        this.group = group;
        this.blas = blas;
    }

    /** Columns that have to stay together in an {@link Order} for groups of this size. */
    public static int unit(int group) {
        return group <= SEARCHED ? group : BLOCK;
    }

    /**
     * Rounded rows, columns as in the matrix.
     *
     * @param codes [rows][n]
     * @param scales [rows][groups]
     * @param stored what they decode to [rows][n]
     * @param error tr(E·(H + λI)·Eᵀ)
     */
    @SuppressWarnings("ArrayRecordComponent") // results, never compared
    public record Rows(byte[] codes, float[] scales, float[] stored, double error) {}

    /**
     * @param matrix weights [rows][n], columns as in the matrix
     * @param first number of the first row in the matrix
     */
    public Rows round(float[] matrix, int first, int rows) {
        int n = factor.n();
        int groups = Math.ceilDiv(n, group);
        float[] w = ordered(matrix, rows);
        float[] e = new float[rows * n];
        Rows out = new Rows(new byte[rows * n], new float[rows * groups], new float[rows * n], 0);
        boolean fixed = group > SEARCHED;
        if (fixed) {
            fixScales(matrix, first, rows, out.scales());
        }
        GroupCoder coder = new GroupCoder(grid, rule);
        int[] starts = factor.order().starts();
        float[] target = new float[rows * (BLOCK + unit(group))];
        double error = 0;
        for (int last = starts.length - 1; last > 0; ) {
            int unit = last;
            while (unit > 0 && starts[last] - starts[unit] < BLOCK) {
                unit--;
            }
            int from = starts[unit];
            int width = starts[last] - from;
            for (int r = 0; r < rows; r++) {
                System.arraycopy(w, r * n + from, target, r * width, width);
            }
            int rest = n - from - width;
            if (rest > 0) {
                blas.multiplyAdd(
                        1,
                        new Tile(e, from + width, n),
                        factor.tile(from + width, from),
                        new Tile(target, 0, width),
                        rows,
                        rest,
                        width);
            }
            for (int r = 0; r < rows; r++) {
                for (int u = last - 1; u >= unit; u--) {
                    int at = starts[u];
                    Run run = new Run(w, r * n + at, target, r * width + at - from, at, starts[u + 1] - at);
                    int g = factor.order().units()[u] * unit(group) / group;
                    float scale;
                    if (fixed) {
                        scale = out.scales()[r * groups + g];
                        coder.round(factor, run, scale);
                    } else {
                        scale = coder.choose(factor, run, first + r, g);
                        out.scales()[r * groups + g] = scale;
                    }
                    keep(coder, run, scale, r, e, out);
                    feedBack(run, e, r, from, target, width);
                }
            }
            last = unit;
        }
        error = residual(e, rows);
        return new Rows(out.codes(), out.scales(), out.stored(), error);
    }

    private float[] ordered(float[] matrix, int rows) {
        int n = factor.n();
        float[] w = new float[rows * n];
        int[] columns = factor.order().columns();
        for (int r = 0; r < rows; r++) {
            for (int k = 0; k < n; k++) {
                w[r * n + k] = matrix[r * n + columns[k]];
            }
        }
        return w;
    }

    /** Scales of long groups, from the weights as they are. */
    private void fixScales(float[] matrix, int first, int rows, float[] scales) {
        int n = factor.n();
        int groups = Math.ceilDiv(n, group);
        float[] d = new float[n];
        for (int k = 0; k < n; k++) {
            d[factor.order().columns()[k]] = factor.d()[k];
        }
        Factor plain = new Factor(factor.order(), factor.m(), d, factor.damping());
        GroupCoder coder = new GroupCoder(grid, rule);
        for (int r = 0; r < rows; r++) {
            for (int g = 0; g < groups; g++) {
                int at = g * group;
                int width = Math.min(group, n - at);
                Run run = new Run(matrix, r * n + at, matrix, r * n + at, at, width);
                scales[r * groups + g] = coder.plain(plain, run, first + r, g);
            }
        }
    }

    private void keep(GroupCoder coder, Run run, float scale, int row, float[] e, Rows out) {
        int n = factor.n();
        int[] columns = factor.order().columns();
        for (int k = 0; k < run.n(); k++) {
            float level = coder.level(k);
            float value = level * scale;
            int to = row * n + columns[run.column() + k];
            out.codes()[to] = grid.code(level);
            out.stored()[to] = value;
            e[row * n + run.column() + k] = run.weights()[run.weightsAt() + k] - value;
        }
    }

    /** target += e·M for the columns of the block before the run. */
    private void feedBack(Run run, float[] e, int row, int from, float[] target, int width) {
        int n = factor.n();
        float[] m = factor.m();
        int before = run.column() - from;
        for (int k = 0; k < run.n(); k++) {
            int column = run.column() + k;
            float error = e[row * n + column];
            int at = column * n + from;
            int to = row * width;
            for (int i = 0; i < before; i++) {
                target[to + i] += error * m[at + i];
            }
        }
    }

    private double residual(float[] e, int rows) {
        return factor.energy(e, rows, blas);
    }
}
