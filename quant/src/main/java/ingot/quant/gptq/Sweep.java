package ingot.quant.gptq;

import ingot.runtime.kernel.Blas;
import ingot.runtime.kernel.Blas.Tile;
import ingot.runtime.kernel.Feedback.Run;
import ingot.runtime.kernel.Feedback.Slice;
import ingot.runtime.kernel.Kernels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Rounds rows of a matrix with error feedback. Rows do not depend on each other, so any split of them gives the same numbers.
 */
public final class Sweep {
    /** Columns whose feedback is applied one by one; the rest of it is a matrix product. */
    private static final int BLOCK = 128;

    /** Groups up to this long get their scale with feedback; longer ones from their weights alone. */
    private static final int SEARCHED = 256;

    /** Times that every level is reconsidered afterwards. */
    private static final int DESCENTS = 2;

    private final Factor factor;
    private final Grid grid;
    private final ScaleRule rule;
    private final int group;
    private final Kernels kernels;
    private final Blas blas;

    /** @param group columns of the matrix that share a scale */
    public Sweep(Factor factor, Grid grid, ScaleRule rule, int group, Kernels kernels) {
        this.factor = factor;
        this.grid = grid;
        this.rule = rule;
        this.group = group;
        this.kernels = kernels;
        this.blas = kernels.blas();
    }

    /** Columns that have to stay together in an {@link Order} for groups of this size. */
    public static int unit(int group) {
        int unit = group <= SEARCHED ? group : BLOCK;
        while (group % unit != 0) {
            unit--; // A unit has one scale: no border between groups may cut it.
        }
        return unit;
    }

    /**
     * Rounded rows, columns as in the matrix.
     *
     * @param codes [rows][n]
     * @param scales [rows][groups]
     * @param stored what they decode to [rows][n]
     * @param errors e·(H + λI)·eᵀ of every row
     * @param energies w·(H + λI)·wᵀ of every row
     */
    @SuppressWarnings("ArrayRecordComponent") // results, never compared
    public record Rows(byte[] codes, float[] scales, float[] stored, double[] errors, double[] energies) {}

    /**
     * @param matrix weights [rows][n], columns as in the matrix
     * @param first number of the first row in the matrix
     */
    public Rows round(float[] matrix, int first, int rows) {
        int n = factor.n();
        int units = factor.order().units().length;
        float[] w = factor.order().arrange(matrix, rows);
        State state = new State(w, new float[rows * n], new float[rows * n], new float[rows * units]);
        boolean fixed = group > SEARCHED;
        if (fixed) {
            fixScales(matrix, first, rows, state.scales());
        }
        GroupCoder coder = new GroupCoder(grid, rule, kernels.feedback());
        int[] starts = factor.order().starts();
        float[] target = new float[rows * (BLOCK + unit(group))];
        for (int last = units; last > 0; ) {
            int unit = last;
            while (unit > 0 && starts[last] - starts[unit] < BLOCK) {
                unit--;
            }
            int from = starts[unit];
            int width = starts[last] - from;
            target(state, from, width, rows, target);
            for (int r = 0; r < rows; r++) {
                for (int u = last - 1; u >= unit; u--) {
                    int at = starts[u];
                    Run run = GroupCoder.run(
                            factor,
                            new Slice(w, r * n + at),
                            new Slice(target, r * width + at - from),
                            at,
                            starts[u + 1] - at);
                    int g = factor.order().units()[u] * unit(group) / group;
                    if (fixed) {
                        coder.round(run, state.scales()[r * units + u]);
                    } else {
                        state.scales()[r * units + u] = coder.choose(run, first + r, g);
                    }
                    keep(coder, run, state.scales()[r * units + u], r * n + at, state);
                    for (int k = at; k < at + run.n(); k++) {
                        float e = state.errors()[r * n + k];
                        kernels.ops().axpy(e, factor.m(), k * n + from, target, r * width, at - from);
                    }
                }
            }
            last = unit;
        }
        descend(state, rows);
        return result(state, rows);
    }

    /**
     * Rows at work, columns in the factor's order.
     *
     * @param weights [rows][n]
     * @param errors weights − stored [rows][n]
     * @param levels [rows][n]
     * @param scales [rows][units]
     */
    @SuppressWarnings("ArrayRecordComponent") // buffers, never compared
    private record State(float[] weights, float[] errors, float[] levels, float[] scales) {}

    /** Weights of a block of columns with the feedback of all columns after it. */
    private void target(State state, int from, int width, int rows, float[] target) {
        int n = factor.n();
        for (int r = 0; r < rows; r++) {
            System.arraycopy(state.weights(), r * n + from, target, r * width, width);
        }
        int rest = n - from - width;
        if (rest > 0) {
            Tile errors = new Tile(state.errors(), from + width, n);
            Tile feedback = factor.tile(from + width, from);
            blas.multiplyAdd(1, errors, feedback, new Tile(target, 0, width), rows, rest, width);
        }
    }

    private void descend(State state, int rows) {
        int[] unitOf = new int[factor.n()];
        int[] starts = factor.order().starts();
        for (int u = 0; u + 1 < starts.length; u++) {
            Arrays.fill(unitOf, starts[u], starts[u + 1], u);
        }
        Descent descent = new Descent(factor, grid, blas);
        for (int pass = 0; pass < DESCENTS; pass++) {
            descent.improve(state.errors(), state.levels(), state.scales(), unitOf, rows);
        }
    }

    /** Back to the order of the matrix. */
    private Rows result(State state, int rows) {
        int n = factor.n();
        int groups = Math.ceilDiv(n, group);
        Order order = factor.order();
        int units = order.units().length;
        Rows out = new Rows(
                new byte[rows * n],
                new float[rows * groups],
                new float[rows * n],
                factor.energies(state.errors(), rows, blas),
                factor.energies(state.weights(), rows, blas));
        for (int r = 0; r < rows; r++) {
            for (int u = 0; u < units; u++) {
                float scale = state.scales()[r * units + u];
                out.scales()[r * groups + order.units()[u] * unit(group) / group] = scale;
                for (int k = order.starts()[u]; k < order.starts()[u + 1]; k++) {
                    float level = state.levels()[r * n + k];
                    int to = r * n + order.columns()[k];
                    out.codes()[to] = grid.code(level);
                    out.stored()[to] = level * scale;
                }
            }
        }
        return out;
    }

    /** Scales of long groups, from the weights as they are. */
    private void fixScales(float[] matrix, int first, int rows, float[] scales) {
        int n = factor.n();
        float[] d = new float[n];
        for (int k = 0; k < n; k++) {
            d[factor.order().columns()[k]] = factor.d()[k];
        }
        GroupCoder coder = new GroupCoder(grid, rule, kernels.feedback());
        float[] none = new float[BLOCK];
        int[] units = factor.order().units();
        for (int r = 0; r < rows; r++) {
            float[] chosen = new float[Math.ceilDiv(n, group)];
            for (int g = 0; g < chosen.length; g++) {
                chosen[g] = coder.scale(alone(matrix, r * n, d, g * group, none), first + r, g);
            }
            for (int u = 0; u < units.length; u++) {
                scales[r * units.length + u] = chosen[units[u] * unit(group) / group];
            }
        }
    }

    /** The columns of a long group of one row, without feedback: every row of M is {@code none}. */
    private List<Run> alone(float[] matrix, int rowAt, float[] d, int from, float[] none) {
        List<Run> runs = new ArrayList<>();
        int end = Math.min(factor.n(), from + group);
        for (int at = from; at < end; at += BLOCK) {
            Slice weights = new Slice(matrix, rowAt + at);
            runs.add(new Run(weights, weights, new Tile(none, 0, 0), new Slice(d, at), Math.min(BLOCK, end - at)));
        }
        return runs;
    }

    /** @param at where the run begins in the arrays of the state */
    private static void keep(GroupCoder coder, Run run, float scale, int at, State state) {
        for (int k = 0; k < run.n(); k++) {
            state.levels()[at + k] = coder.level(k);
            state.errors()[at + k] = run.weights().get(k) - coder.level(k) * scale;
        }
    }
}
