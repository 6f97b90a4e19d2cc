package ingot.quant.gptq;

import ingot.runtime.kernel.Feedback;
import ingot.runtime.kernel.Feedback.Run;
import ingot.runtime.kernel.Feedback.Trials;
import java.util.List;

/** Tries scales and offsets for a group, {@link Feedback#SCALES} at a time, each with the feedback inside the group. */
final class ScalingSearch {
    private final Grid grid;
    private final ScaleRule rule;
    private final Feedback feedback;
    private final Trials trials = Trials.room();
    private final float[] errors = new float[Feedback.SCALES];
    private final float[] ofRun = new float[Feedback.SCALES];
    private float least;
    private Scaling found = Scaling.of(0);

    ScalingSearch(Grid grid, ScaleRule rule, Feedback feedback) {
        this.grid = grid;
        this.rule = rule;
        this.feedback = feedback;
    }

    /** A group of a row. */
    record Place(int row, int group) {}

    /**
     * The best of the scalings that fit all weights into the grid, or clip some.
     *
     * @param runs the columns of the group, in pieces between which nothing is fed back
     */
    Scaling search(List<Run> runs, Place place) {
        boolean lifted = grid instanceof AffineGrid affine && affine.lifted();
        float low = lifted ? Float.POSITIVE_INFINITY : 0;
        float high = lifted ? Float.NEGATIVE_INFINITY : 0;
        for (Run run : runs) {
            for (int k = 0; k < run.n(); k++) {
                low = Math.min(low, run.target().get(k));
                high = Math.max(high, run.target().get(k));
            }
        }
        least = Float.NaN;
        if (grid instanceof AffineGrid affine) {
            for (Clip clip : Clip.values()) {
                clipped(affine, clip, low, high);
                keepBest(runs, place);
            }
        } else {
            shrunk(Math.max(low / grid.low(), high / grid.high()));
            keepBest(runs, place);
            if (grid.signed()) {
                shrunk(-Math.max(-low / grid.high(), -high / grid.low()));
                keepBest(runs, place);
            }
        }
        return found;
    }

    /** The best of the storable neighbours of {@code middle}, where neighbours differ enough to matter. */
    Scaling around(Run run, Place place, Scaling middle) {
        Scaling step = rule.step(place.row(), place.group());
        boolean pairs = step.offset() != 0;
        for (int i = 0; i < Feedback.SCALES; i++) {
            // With offsets 3 scales by 5 of them, and (−1, 0) once more; else scales from 8 steps below to 7 above.
            int right = pairs ? i % 3 - 1 : i - Feedback.SCALES / 2;
            int up = pairs && i < 15 ? i / 3 - 2 : 0;
            trials.scales()[i] = middle.scale() + right * step.scale();
            trials.offsets()[i] = middle.offset() + up * step.offset();
        }
        least = Float.NaN;
        keepBest(List.of(run), place);
        return found;
    }

    /** Which end of a range gives way when the scale is smaller than it. */
    private enum Clip {
        BOTH,
        HIGH,
        LOW
    }

    /** Scales from a little more than {@code fit} downwards. */
    private void shrunk(float fit) {
        float reach = reach();
        for (int i = 0; i < Feedback.SCALES; i++) {
            trials.scales()[i] = fit * shrink(i, reach);
            trials.offsets()[i] = 0;
        }
    }

    private void clipped(AffineGrid affine, Clip clip, float low, float high) {
        float fit = (high - low) / affine.top();
        float reach = reach();
        for (int i = 0; i < Feedback.SCALES; i++) {
            float scale = fit * shrink(i, reach);
            float rest = high - low - scale * affine.top();
            float offset = switch (clip) {
                case BOTH -> low + rest / 2;
                case HIGH -> low;
                case LOW -> low + rest;
            };
            trials.scales()[i] = scale;
            trials.offsets()[i] = affine.lifted() ? offset : Math.min(offset, 0);
        }
    }

    /** A step of the grid costs less where there are many; the fewer, the more clipping pays. */
    private float reach() {
        return Math.min(0.55f, 0.1f + 5f / grid.steps());
    }

    private static float shrink(int i, float reach) {
        return 1.03f - reach * i / (Feedback.SCALES - 1);
    }

    /** Runs the trials; the best replaces {@link #found} if it is better than what was found before. */
    private void keepBest(List<Run> runs, Place place) {
        for (int i = 0; i < errors.length; i++) {
            Scaling wanted = new Scaling(trials.scales()[i], trials.offsets()[i]);
            Scaling stored = rule.storable(place.row(), place.group(), wanted);
            trials.scales()[i] = stored.scale();
            trials.offsets()[i] = stored.offset();
            errors[i] = 0;
        }
        for (Run run : runs) {
            feedback.errors(grid.numbers(), run, trials, ofRun);
            for (int i = 0; i < errors.length; i++) {
                errors[i] += ofRun[i];
            }
        }
        int best = best();
        if (errors[best] < least || Float.isNaN(least)) {
            least = errors[best];
            found = new Scaling(trials.scales()[best], trials.offsets()[best]);
        }
    }

    /** Where the least error is; the first where all left the numbers. */
    private int best() {
        int best = 0;
        for (int i = 1; i < errors.length; i++) {
            best = errors[i] < errors[best] || Float.isNaN(errors[best]) ? i : best;
        }
        return best;
    }
}
