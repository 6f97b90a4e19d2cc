package ingot.quant.gptq;

import ingot.runtime.kernel.Blas.Tile;
import ingot.runtime.kernel.Feedback;
import ingot.runtime.kernel.Feedback.Run;
import ingot.runtime.kernel.Feedback.Slice;
import ingot.runtime.kernel.Levels;
import java.util.Arrays;
import java.util.List;

/**
 * Rounds the columns of one row that share a scale: for every scale worth trying it runs the error feedback inside the group
 * and keeps the scale whose rounding leaves the least Σ Dₖ·rₖ², the group's whole contribution to tr(E·H·Eᵀ). Scales are so
 * chosen from weights that already carry the errors of the groups before. One per thread.
 */
final class GroupCoder {
    /** Times that the best scale is replaced by the least-squares one for its codes. */
    private static final int REFITS = 4;

    private final Grid grid;
    private final Levels numbers;
    private final ScaleRule rule;
    private final Feedback feedback;
    private final float[] scales = new float[Feedback.SCALES];
    private final float[] errors = new float[Feedback.SCALES];
    private final float[] ofRun = new float[Feedback.SCALES];
    private float[] trial = {};
    private float[] levels = {};
    private float[] best = {};
    private float bestError;
    private float bestScale;

    GroupCoder(Grid grid, ScaleRule rule, Feedback feedback) {
        this.grid = grid;
        this.numbers = grid.numbers();
        this.rule = rule;
        this.feedback = feedback;
    }

    /** Columns {@code column … column + n} of a factor, of one row. */
    static Run run(Factor factor, Slice weights, Slice target, int column, int n) {
        Tile m = new Tile(factor.m(), column * factor.n() + column, factor.n());
        return new Run(weights, target, m, new Slice(factor.d(), column), n);
    }

    /** Chooses a scale and rounds; {@link #level} has the result. Returns the scale. */
    float choose(Run run, int row, int group) {
        start(run);
        float scale = scale(List.of(run), row, group);
        attempt(run, scale);
        for (int i = 0; i < REFITS; i++) {
            float refit = rule.storable(row, group, leastSquares(run));
            if (refit == bestScale || !attempt(run, refit)) {
                break;
            }
        }
        return bestScale;
    }

    /** Rounds with a given scale. */
    void round(Run run, float scale) {
        start(run);
        attempt(run, scale);
    }

    /** The level chosen for column {@code k} of the run. */
    float level(int k) {
        return best[k];
    }

    /** Until a rounding has a finite error, levels are NaN: the caller sees it in the errors. */
    private void start(Run run) {
        if (trial.length < run.n()) {
            trial = new float[run.n()];
            levels = new float[run.n()];
            best = new float[run.n()];
        }
        Arrays.fill(best, 0, run.n(), Float.NaN);
        bestError = Float.POSITIVE_INFINITY;
        bestScale = Float.NaN;
    }

    /**
     * The best of the scales that fit all weights into the grid, or clip some.
     *
     * @param runs the columns of the group, in pieces between which nothing is fed back
     */
    float scale(List<Run> runs, int row, int group) {
        float low = 0;
        float high = 0;
        for (Run run : runs) {
            for (int k = 0; k < run.n(); k++) {
                low = Math.min(low, run.target().get(k));
                high = Math.max(high, run.target().get(k));
            }
        }
        float least = tryAll(runs, Math.max(low / grid.low(), high / grid.high()), row, group);
        float found = scales[least()];
        if (grid.signed()) {
            float negative = tryAll(runs, -Math.max(-low / grid.high(), -high / grid.low()), row, group);
            found = negative < least || Float.isNaN(least) ? scales[least()] : found;
        }
        return found;
    }

    /** Scales from a little more than {@code fit} downwards; returns the least error. */
    private float tryAll(List<Run> runs, float fit, int row, int group) {
        // A step of the grid costs less where there are many; the fewer, the more clipping pays.
        float reach = Math.min(0.55f, 0.1f + 5f / grid.steps());
        for (int i = 0; i < scales.length; i++) {
            scales[i] = rule.storable(row, group, fit * (1.03f - reach * i / (scales.length - 1)));
        }
        Arrays.fill(errors, 0);
        for (Run run : runs) {
            feedback.errors(numbers, run, scales, ofRun);
            for (int i = 0; i < errors.length; i++) {
                errors[i] += ofRun[i];
            }
        }
        return errors[least()];
    }

    /** Where the least error is; the first where all left the numbers. */
    private int least() {
        int least = 0;
        for (int i = 1; i < errors.length; i++) {
            least = errors[i] < errors[least] || Float.isNaN(errors[least]) ? i : least;
        }
        return least;
    }

    /** Rounds with feedback; keeps the result if it is the best so far. */
    private boolean attempt(Run run, float scale) {
        float inverse = Feedback.inverse(scale);
        int n = run.n();
        System.arraycopy(run.target().data(), run.target().at(), trial, 0, n);
        float error = 0;
        for (int k = n - 1; k >= 0; k--) {
            float level = numbers.nearest(trial[k] * inverse);
            float value = level * scale;
            float r = trial[k] - value;
            error += run.d().get(k) * r * r;
            if (error >= bestError) {
                return false;
            }
            levels[k] = level;
            feed(run, k, run.weights().get(k) - value);
        }
        if (Float.isNaN(error)) {
            return false;
        }
        float[] swap = best;
        best = levels;
        levels = swap;
        bestError = error;
        bestScale = scale;
        return true;
    }

    /** The error of column k, to the columns before it. */
    private void feed(Run run, int k, float e) {
        float[] m = run.m().data();
        int from = run.m().at() + k * run.m().stride();
        for (int i = 0; i < k; i++) {
            trial[i] = Math.fma(e, m[from + i], trial[i]);
        }
    }

    /** The scale for which Σ D·(x − level·scale)² is least, x being the weights with the feedback of the best rounding. */
    private float leastSquares(Run run) {
        int n = run.n();
        System.arraycopy(run.target().data(), run.target().at(), trial, 0, n);
        double top = 0;
        double bottom = 0;
        for (int k = n - 1; k >= 0; k--) {
            double weight = run.d().get(k) * (double) best[k];
            top += weight * trial[k];
            bottom += weight * best[k];
            feed(run, k, run.weights().get(k) - best[k] * bestScale);
        }
        return bottom > 0 ? (float) (top / bottom) : bestScale;
    }
}
