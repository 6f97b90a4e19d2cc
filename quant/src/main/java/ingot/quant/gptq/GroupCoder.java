package ingot.quant.gptq;

import java.util.Arrays;

/**
 * Rounds the columns of one row that share a scale: for every scale worth trying it runs the error feedback inside the group
 * and keeps the scale whose rounding leaves the least Σ Dₖ·rₖ², the group's whole contribution to tr(E·H·Eᵀ). Scales are so
 * chosen from weights that already carry the errors of the groups before. One per thread; nothing is allocated per group.
 */
final class GroupCoder {
    /** Scales that a first look, without feedback, compares; for both signs where the grid has them. */
    private static final int CANDIDATES = 14;

    /** Scales that are tried with feedback. */
    private static final int TRIALS = 5;

    /** Times that the best scale is replaced by the least-squares one for its codes. */
    private static final int REFITS = 4;

    private final Grid grid;
    private final ScaleRule rule;
    private final float[] scales = new float[2 * CANDIDATES];
    private final double[] looks = new double[2 * CANDIDATES];
    private float[] trial = {};
    private float[] levels = {};
    private float[] best = {};
    private double bestError;
    private float bestScale;

    GroupCoder(Grid grid, ScaleRule rule) {
        this.grid = grid;
        this.rule = rule;
    }

    /**
     * A run of columns of one row in the order of a factor.
     *
     * @param weights of the row, untouched
     * @param target of the row: weights with the feedback of the columns after the run
     * @param at where the run begins in both
     * @param column where the run begins in the factor
     * @param n columns
     */
    @SuppressWarnings("ArrayRecordComponent") // a view for one call
    record Run(float[] weights, int weightsAt, float[] target, int targetAt, int column, int n) {}

    /** Chooses a scale and rounds; {@link #level} has the result. Returns the scale. */
    float choose(Factor factor, Run run, int row, int group) {
        reserve(run.n());
        int count = candidates(run.target(), run.targetAt(), run.n(), row, group);
        for (int i = 0; i < count; i++) {
            looks[i] = look(factor, run, scales[i]);
        }
        forget(run.n());
        for (int t = 0; t < Math.min(TRIALS, count); t++) {
            int least = 0;
            for (int i = 1; i < count; i++) {
                least = looks[i] < looks[least] ? i : least;
            }
            if (looks[least] == Double.POSITIVE_INFINITY) {
                break;
            }
            looks[least] = Double.POSITIVE_INFINITY;
            attempt(factor, run, scales[least]);
        }
        for (int i = 0; i < REFITS; i++) {
            float refit = rule.storable(row, group, leastSquares(factor, run));
            if (refit == bestScale || !attempt(factor, run, refit)) {
                break;
            }
        }
        return bestScale;
    }

    /** Rounds with a given scale. */
    void round(Factor factor, Run run, float scale) {
        reserve(run.n());
        forget(run.n());
        attempt(factor, run, scale);
    }

    /** Until a rounding has a finite error, levels are NaN: the caller sees it in the errors. */
    private void forget(int n) {
        Arrays.fill(best, 0, n, Float.NaN);
        bestError = Double.POSITIVE_INFINITY;
        bestScale = Float.NaN;
    }

    /** The level chosen for column {@code k} of the run. */
    float level(int k) {
        return best[k];
    }

    private void reserve(int n) {
        if (trial.length < n) {
            trial = new float[n];
            levels = new float[n];
            best = new float[n];
        }
    }

    /** The scale for weights from {@code at} on that is best without feedback; every column counts alike times D. */
    float plain(Factor factor, Run run, int row, int group) {
        int count = candidates(run.target(), run.targetAt(), run.n(), row, group);
        int least = 0;
        for (int i = 0; i < count; i++) {
            looks[i] = look(factor, run, scales[i]);
            least = looks[i] < looks[least] ? i : least;
        }
        return scales[least];
    }

    /** Scales that fit all weights into the grid, and smaller ones that clip some. */
    private int candidates(float[] x, int at, int n, int row, int group) {
        float low = 0;
        float high = 0;
        for (int i = at; i < at + n; i++) {
            low = Math.min(low, x[i]);
            high = Math.max(high, x[i]);
        }
        float positive = Math.max(low / grid.low(), high / grid.high());
        float negative = Math.max(-low / grid.high(), -high / grid.low());
        // A step of the grid costs less where there are many; the fewer, the more clipping pays.
        float reach = Math.min(0.55f, 0.1f + 5f / grid.steps());
        int count = 0;
        for (int i = 0; i < CANDIDATES; i++) {
            float share = 1.03f - reach * i / (CANDIDATES - 1);
            scales[count++] = rule.storable(row, group, positive * share);
            if (grid.signed()) {
                scales[count++] = rule.storable(row, group, -negative * share);
            }
        }
        return count;
    }

    private double look(Factor factor, Run run, float scale) {
        float inverse = inverse(scale);
        float[] d = factor.d();
        double error = 0;
        for (int k = 0; k < run.n(); k++) {
            float x = run.target()[run.targetAt() + k];
            float r = x - grid.nearest(x * inverse) * scale;
            error += (double) d[run.column() + k] * r * r;
        }
        return error;
    }

    private static float inverse(float scale) {
        float inverse = 1 / scale;
        return Float.isInfinite(inverse) ? 0 : inverse;
    }

    /** Rounds with feedback; keeps the result if it is the best so far. */
    private boolean attempt(Factor factor, Run run, float scale) {
        float inverse = inverse(scale);
        int n = run.n();
        System.arraycopy(run.target(), run.targetAt(), trial, 0, n);
        float[] m = factor.m();
        float[] d = factor.d();
        double error = 0;
        for (int k = n - 1; k >= 0; k--) {
            float level = grid.nearest(trial[k] * inverse);
            float value = level * scale;
            float r = trial[k] - value;
            error += (double) d[run.column() + k] * r * r;
            if (error >= bestError) {
                return false;
            }
            levels[k] = level;
            float e = run.weights()[run.weightsAt() + k] - value;
            int from = (run.column() + k) * factor.n() + run.column();
            for (int i = 0; i < k; i++) {
                trial[i] += e * m[from + i];
            }
        }
        if (Double.isNaN(error)) {
            return false;
        }
        float[] swap = best;
        best = levels;
        levels = swap;
        bestError = error;
        bestScale = scale;
        return true;
    }

    /** The scale for which Σ D·(x − level·scale)² is least, x being the weights with the feedback of the best rounding. */
    private float leastSquares(Factor factor, Run run) {
        int n = run.n();
        System.arraycopy(run.target(), run.targetAt(), trial, 0, n);
        double top = 0;
        double bottom = 0;
        for (int k = n - 1; k >= 0; k--) {
            double weight = factor.d()[run.column() + k] * (double) best[k];
            top += weight * trial[k];
            bottom += weight * best[k];
            float e = run.weights()[run.weightsAt() + k] - best[k] * bestScale;
            int from = (run.column() + k) * factor.n() + run.column();
            for (int i = 0; i < k; i++) {
                trial[i] += e * factor.m()[from + i];
            }
        }
        return bottom > 0 ? (float) (top / bottom) : bestScale;
    }
}
