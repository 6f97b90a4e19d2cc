package ingot.quant.gptq;

import ingot.quant.gptq.ScalingSearch.Place;
import ingot.runtime.kernel.Blas.Tile;
import ingot.runtime.kernel.Feedback;
import ingot.runtime.kernel.Feedback.Run;
import ingot.runtime.kernel.Feedback.Slice;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.Levels;
import java.util.Arrays;
import java.util.List;

/**
 * Rounds the columns of one row that share a scaling: for every one worth trying it runs the error feedback inside the group
 * and keeps that whose rounding leaves the least Σ Dₖ·rₖ², the group's whole contribution to tr(E·H·Eᵀ). Scalings are so
 * chosen from weights that already carry the errors of the groups before. One per thread.
 */
final class GroupCoder {
    /** Times that the best scaling is replaced by the least-squares one for its codes. */
    private static final int REFITS = 4;

    private final Grid grid;
    private final Levels numbers;
    private final ScaleRule rule;
    private final ScalingSearch search;
    private float[] trial = {};
    private float[] levels = {};
    private float[] best = {};
    private float bestError;
    private Scaling scaling = Scaling.of(Float.NaN);

    GroupCoder(Grid grid, ScaleRule rule, Kernels kernels) {
        this.grid = grid;
        this.numbers = grid.numbers();
        this.rule = rule;
        this.search = new ScalingSearch(grid, rule, kernels.feedback());
    }

    /** Columns {@code column … column + n} of a factor, of one row. */
    static Run run(Factor factor, Slice weights, Slice target, int column, int n) {
        Tile m = new Tile(factor.m(), column * factor.n() + column, factor.n());
        return new Run(weights, target, m, new Slice(factor.d(), column), n);
    }

    /** Chooses a scaling and rounds; {@link #level} has the result. */
    Scaling choose(Run run, int row, int group) {
        Place place = new Place(row, group);
        start(run);
        attempt(run, search.search(List.of(run), place));
        refit(run, place);
        if (rule.step(row, group).scale() != 0) {
            attempt(run, search.around(run, place, scaling));
        }
        return scaling;
    }

    private void refit(Run run, Place place) {
        for (int i = 0; i < REFITS; i++) {
            Scaling refit = rule.storable(place.row(), place.group(), leastSquares(run));
            if (refit.equals(scaling) || !attempt(run, refit)) {
                return;
            }
        }
    }

    /** The scaling of a group that is too long to be rounded in one run. */
    Scaling scaling(List<Run> runs, int row, int group) {
        return search.search(runs, new Place(row, group));
    }

    /** Rounds with a given scaling. */
    void round(Run run, Scaling given) {
        start(run);
        attempt(run, given);
    }

    /** The level chosen for column {@code k} of the run. */
    float level(int k) {
        return best[k];
    }

    /** Σ D·(x − stored)² over the run, x being the weights with feedback: what the run adds to e·(H + λI)·eᵀ. */
    float error() {
        return bestError;
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
        scaling = Scaling.of(Float.NaN);
    }

    /** Rounds with feedback; keeps the result if it is the best so far. */
    private boolean attempt(Run run, Scaling given) {
        float scale = given.scale();
        float offset = given.offset();
        float inverse = Feedback.inverse(scale);
        int n = run.n();
        System.arraycopy(run.target().data(), run.target().at(), trial, 0, n);
        float error = 0;
        for (int k = n - 1; k >= 0; k--) {
            float level = numbers.nearest((trial[k] - offset) * inverse);
            float value = level * scale + offset;
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
        scaling = given;
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

    /**
     * The scaling for which Σ D·(x − level·scale − offset)² is least, x being the weights with the feedback of the best
     * rounding.
     */
    private Scaling leastSquares(Run run) {
        int n = run.n();
        System.arraycopy(run.target().data(), run.target().at(), trial, 0, n);
        double dl = 0;
        double dll = 0;
        double dd = 0;
        double dx = 0;
        double dlx = 0;
        for (int k = n - 1; k >= 0; k--) {
            double d = run.d().get(k);
            double weighted = d * best[k];
            dd += d;
            dl += weighted;
            dll += weighted * best[k];
            dx += d * trial[k];
            dlx += weighted * trial[k];
            feed(run, k, run.weights().get(k) - scaling.value(best[k]));
        }
        if (!(grid instanceof AffineGrid affine)) {
            return dll > 0 ? Scaling.of((float) (dlx / dll)) : scaling;
        }
        double determinant = dd * dll - dl * dl;
        if (!(determinant > 1e-9 * dd * dll)) {
            return scaling;
        }
        double offset = (dll * dx - dl * dlx) / determinant;
        double scale = (dd * dlx - dl * dx) / determinant;
        if (offset > 0 && !affine.lifted()) {
            offset = 0;
            scale = dlx / dll;
        }
        return scale > 0 ? new Scaling((float) scale, (float) offset) : scaling;
    }
}
