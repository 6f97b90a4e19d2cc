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
    private static final int BLOCK = Units.BLOCK;

    /** Times that every level is reconsidered afterwards. */
    private static final int DESCENTS = 2;

    private final Factor factor;
    private final Grid grid;
    private final ScaleRule rule;
    private final int group;
    private final int unit;
    private final Kernels kernels;
    private final Blas blas;

    /** @param group columns of the matrix that share a scale */
    public Sweep(Factor factor, Grid grid, ScaleRule rule, int group, Kernels kernels) {
        this.factor = factor;
        this.grid = grid;
        this.rule = rule;
        this.group = group;
        this.unit = Units.of(group).unit();
        this.kernels = kernels;
        this.blas = kernels.blas();
    }

    /**
     * Rounded rows, columns as in the matrix.
     *
     * @param codes [rows][n]
     * @param scales [rows][groups]
     * @param offsets alike
     * @param stored what they decode to [rows][n]
     * @param errors e·(H + λI)·eᵀ of every row
     * @param energies w·(H + λI)·wᵀ of every row
     */
    @SuppressWarnings("ArrayRecordComponent") // results, never compared
    public record Rows(
            byte[] codes, float[] scales, float[] offsets, float[] stored, double[] errors, double[] energies) {}

    /**
     * @param matrix weights [rows][n], columns as in the matrix
     * @param first number of the first row in the matrix
     */
    public Rows round(float[] matrix, int first, int rows) {
        Order order = factor.order();
        State state = State.of(order.arrange(matrix, rows), rows, order);
        boolean fixed = group > Units.SEARCHED;
        if (fixed) {
            fixScales(matrix, first, rows, state);
        }
        GroupCoder coder = new GroupCoder(grid, rule, kernels);
        Span span = new Span(order.span() * unit);
        int[] starts = order.starts();
        float[] target = new float[rows * (BLOCK + span.weights().length)];
        for (int last = state.units(); last > 0; ) {
            int from = last;
            while (from > 0 && (starts[last] - starts[from] < BLOCK || from % order.span() != 0)) {
                from--;
            }
            Block block = new Block(starts[from], starts[last] - starts[from]);
            target(state, block, rows, target);
            for (int r = 0; r < rows; r++) {
                Slice line = new Slice(target, r * block.width());
                for (int u = last - 1; u >= from; u--) {
                    if (order.span() > 1 && (u + 1) % order.span() == 0) {
                        open(block, u, line, first + r, span);
                    }
                    int at = starts[u];
                    Run run = GroupCoder.run(
                            factor,
                            new Slice(state.weights(), r * state.n() + at),
                            new Slice(target, line.at() + at - block.start()),
                            at,
                            starts[u + 1] - at);
                    if (fixed) {
                        coder.round(run, state.scaling(r, u));
                    } else {
                        state.scaling(r, u, coder.choose(run, first + r, group(u)));
                    }
                    state.keep(coder, run, r, u, at);
                    feed(state, r, run, at, block, line);
                }
            }
            last = from;
        }
        descend(state);
        return result(state);
    }

    /** Number of the group in the matrix that the unit at place {@code u} belongs to. */
    private int group(int u) {
        return factor.order().units()[u] * unit / group;
    }

    /**
     * Neighbouring places in the factor's order.
     *
     * @param start first column
     * @param width columns
     */
    private record Block(int start, int width) {}

    /** Weights of a block of columns with the feedback of all columns after it. */
    private void target(State state, Block block, int rows, float[] target) {
        int n = factor.n();
        int width = block.width();
        for (int r = 0; r < rows; r++) {
            System.arraycopy(state.weights(), r * n + block.start(), target, r * width, width);
        }
        int end = block.start() + width;
        if (end < n) {
            Tile errors = new Tile(state.errors(), end, n);
            Tile feedback = factor.tile(end, block.start());
            blas.multiplyAdd(1, errors, feedback, new Tile(target, 0, width), rows, n - end, width);
        }
    }

    /** The errors of a run whose first column is {@code at}, to the columns of its block before it. */
    private void feed(State state, int row, Run run, int at, Block block, Slice target) {
        int n = factor.n();
        int from = block.start();
        for (int k = at; k < at + run.n(); k++) {
            float e = state.errors()[row * n + k];
            kernels.ops().axpy(e, factor.m(), k * n + from, target.data(), target.at(), at - from);
        }
    }

    /** A span's weights and their costs, columns as in the matrix. */
    @SuppressWarnings("ArrayRecordComponent") // buffers, never compared
    private record Span(float[] weights, float[] cost) {
        Span(int columns) {
            this(new float[columns], new float[columns]);
        }
    }

    /** Fixes what the units of a span share; {@code u} is the last of them. */
    private void open(Block block, int u, Slice target, int row, Span span) {
        Order order = factor.order();
        int number = order.units()[u] / order.span();
        int first = number * order.span() * unit;
        for (int k = order.starts()[u + 1 - order.span()]; k < order.starts()[u + 1]; k++) {
            span.weights()[order.columns()[k] - first] = target.get(k - block.start());
            span.cost()[order.columns()[k] - first] = factor.d()[k];
        }
        rule.open(row, number, span.weights(), span.cost());
    }

    private void descend(State state) {
        Descent descent = new Descent(factor, grid, blas);
        for (int pass = 0; pass < DESCENTS; pass++) {
            descent.improve(state);
        }
    }

    /** Back to the order of the matrix. */
    private Rows result(State state) {
        int n = state.n();
        int rows = state.rows();
        int groups = Math.ceilDiv(n, group);
        Order order = factor.order();
        Rows out = new Rows(
                new byte[rows * n],
                new float[rows * groups],
                new float[rows * groups],
                new float[rows * n],
                Arrays.stream(state.outputs()).map(e -> Math.max(0, e)).toArray(),
                factor.energies(state.weights(), rows, blas));
        for (int r = 0; r < rows; r++) {
            for (int u = 0; u < state.units(); u++) {
                Scaling scaling = state.scaling(r, u);
                out.scales()[r * groups + group(u)] = scaling.scale();
                out.offsets()[r * groups + group(u)] = scaling.offset();
                for (int k = order.starts()[u]; k < order.starts()[u + 1]; k++) {
                    float level = state.levels()[r * n + k];
                    int to = r * n + order.columns()[k];
                    out.codes()[to] = grid.code(level);
                    out.stored()[to] = scaling.value(level);
                }
            }
        }
        return out;
    }

    /** Scales of long groups, from the weights as they are. */
    private void fixScales(float[] matrix, int first, int rows, State state) {
        int n = factor.n();
        float[] d = new float[n];
        for (int k = 0; k < n; k++) {
            d[factor.order().columns()[k]] = factor.d()[k];
        }
        GroupCoder coder = new GroupCoder(grid, rule, kernels);
        float[] none = new float[BLOCK];
        for (int r = 0; r < rows; r++) {
            List<Scaling> chosen = new ArrayList<>();
            for (int g = 0; g < Math.ceilDiv(n, group); g++) {
                chosen.add(coder.scaling(alone(matrix, r * n, d, g * group, none), first + r, g));
            }
            for (int u = 0; u < state.units(); u++) {
                state.scaling(r, u, chosen.get(group(u)));
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
}
