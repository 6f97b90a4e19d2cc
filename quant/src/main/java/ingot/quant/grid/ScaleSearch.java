package ingot.quant.grid;

import ingot.runtime.kernel.ScaleCandidates;
import java.util.Optional;

/**
 * Scales of a group of neighbouring weights by weighted least squares: candidates put the weight of largest magnitude near
 * one end of the grid or the other, each is followed by the scale that is best for the codes it gives, and the candidate of
 * least Σ importance · (w − ŵ)² wins. Nothing here rounds the scale; who stores it does, and chooses codes again.
 */
final class ScaleSearch {
    /** Candidates on each side of an end, and their distance in values of the grid, as a part of the end. */
    private static final int STEPS = 9;

    private static final float SPREAD = 0.0125f;
    private static final int SIDE = 2 * STEPS + 1;
    private static final int POLISH = 2;

    /** Groups whose largest weight is smaller could have infinite candidates. */
    private static final float SMALLEST = 0x1p-100f;

    private ScaleSearch() {}

    /** A weighted run of weights. */
    record Group(float[] w, float[] importance, int from, int n) {}

    /** The weight of largest magnitude, with its sign. */
    static float extreme(Group group) {
        float extreme = 0;
        for (int i = 0; i < group.n(); i++) {
            float x = group.w()[group.from() + i];
            if (Math.abs(x) > Math.abs(extreme)) {
                extreme = x;
            }
        }
        return extreme;
    }

    /** s of ŵ = s · value(code); 0 when all weights are 0. */
    static float symmetric(BlockLevels levels, Group group) {
        float extreme = extreme(group);
        if (extreme == 0) {
            return 0;
        }
        float[] inverses = new float[2 * SIDE];
        for (int i = 0; i < SIDE; i++) {
            float part = 1 + (i - STEPS) * SPREAD;
            inverses[i] = levels.low() * part / extreme;
            inverses[SIDE + i] = levels.high() * part / extreme;
        }
        Fit start = best(levels, group, inverses, extreme);
        float best = start.scale();
        double bestGain = start.gain();
        for (int i = 0; i < POLISH && best != 0; i++) {
            Fit fit = fit(levels, group, 1 / best);
            if (fit.gain() <= bestGain) {
                break;
            }
            bestGain = fit.gain();
            best = fit.scale();
        }
        return best;
    }

    /**
     * The best scale for given codes.
     *
     * @param gain what it takes off Σ importance · w²
     */
    private record Fit(float scale, double gain) {}

    /** The best of the candidates, the first of equals. */
    private static Fit best(BlockLevels levels, Group group, float[] inverses, float extreme) {
        Optional<ScaleCandidates> code = ScaleCandidates.generated();
        if (code.isPresent() && levels instanceof BlockLevels.Linear && Math.abs(extreme) >= SMALLEST) {
            return best(code.get(), levels, group, inverses);
        }
        Fit best = new Fit(0, -1);
        for (float inverse : inverses) {
            Fit fit = fit(levels, group, inverse);
            best = fit.gain() > best.gain() ? fit : best;
        }
        return best;
    }

    /** As {@link #fit} for each of them, all at once. */
    private static Fit best(ScaleCandidates code, BlockLevels levels, Group group, float[] inverses) {
        float[] table = new float[ScaleCandidates.TABLE];
        System.arraycopy(inverses, 0, table, ScaleCandidates.INVERSE, inverses.length);
        table[ScaleCandidates.LOW] = levels.low();
        table[ScaleCandidates.HIGH] = levels.high();
        code.sums(group.w(), group.importance(), group.from(), group.n(), table);
        int best = -1;
        double bestGain = -1;
        for (int i = 0; i < inverses.length; i++) {
            float xv = table[ScaleCandidates.PRODUCTS + i];
            float vv = table[ScaleCandidates.SQUARES + i];
            double gain = vv > 0 ? (double) xv * xv / vv : 0;
            if (gain > bestGain) {
                bestGain = gain;
                best = i;
            }
        }
        return best < 0
                ? new Fit(0, -1)
                : fitOf(table[ScaleCandidates.PRODUCTS + best], table[ScaleCandidates.SQUARES + best]);
    }

    private static Fit fit(BlockLevels levels, Group group, float inverse) {
        float xv = 0;
        float vv = 0;
        for (int i = group.from(); i < group.from() + group.n(); i++) {
            float x = group.w()[i];
            float v = levels.value(levels.nearest(x * inverse));
            float h = group.importance()[i];
            xv += h * x * v;
            vv += h * v * v;
        }
        return fitOf(xv, vv);
    }

    private static Fit fitOf(float xv, float vv) {
        return vv > 0 ? new Fit(xv / vv, (double) xv * xv / vv) : new Fit(0, 0);
    }

    /**
     * s and m of ŵ = s · code + m.
     *
     * @param m the value of code 0
     */
    record Affine(float s, float m) {}

    /**
     * Scale and offset of codes 0 … {@code top}.
     *
     * @param offsetUpTo0 whether m may not be positive
     */
    static Affine affine(int top, boolean offsetUpTo0, Group group) {
        float min = Float.POSITIVE_INFINITY;
        float max = Float.NEGATIVE_INFINITY;
        for (int i = group.from(); i < group.from() + group.n(); i++) {
            min = Math.min(min, group.w()[i]);
            max = Math.max(max, group.w()[i]);
        }
        if (offsetUpTo0) {
            min = Math.min(min, 0);
        }
        if (!(max > min)) {
            return new Affine(0, min);
        }
        Affine best = new Affine((max - min) / top, min);
        double least = error(top, group, best);
        for (int i = -STEPS; i <= 2 * STEPS; i++) {
            Affine start = new Affine((max - min) / (top + i * 0.1f), min);
            Affine fit = leastSquares(top, offsetUpTo0, group, start);
            double e = error(top, group, fit);
            if (e < least) {
                least = e;
                best = fit;
            }
        }
        for (int i = 0; i < POLISH; i++) {
            Affine fit = leastSquares(top, offsetUpTo0, group, best);
            double e = error(top, group, fit);
            if (e >= least) {
                break;
            }
            least = e;
            best = fit;
        }
        return best;
    }

    /** The best scale and offset for the codes that {@code start} gives. */
    private static Affine leastSquares(int top, boolean offsetUpTo0, Group group, Affine start) {
        float inverse = 1 / start.s();
        double h0 = 0;
        double hq = 0;
        double hqq = 0;
        double hx = 0;
        double hxq = 0;
        for (int i = group.from(); i < group.from() + group.n(); i++) {
            float x = group.w()[i];
            float h = group.importance()[i];
            int q = code(top, (x - start.m()) * inverse);
            h0 += h;
            hq += (double) h * q;
            hqq += (double) h * q * q;
            hx += (double) h * x;
            hxq += (double) h * x * q;
        }
        double determinant = h0 * hqq - hq * hq;
        if (!(determinant > 0)) {
            return start;
        }
        double s = (h0 * hxq - hq * hx) / determinant;
        double m = (hqq * hx - hq * hxq) / determinant;
        if (offsetUpTo0 && m > 0) {
            m = 0;
            s = hxq / hqq;
        }
        return s > 0 ? new Affine((float) s, (float) m) : start;
    }

    private static double error(int top, Group group, Affine affine) {
        float inverse = 1 / affine.s();
        float sum = 0;
        for (int i = group.from(); i < group.from() + group.n(); i++) {
            float x = group.w()[i];
            float d = x - (affine.s() * code(top, (x - affine.m()) * inverse) + affine.m());
            sum += group.importance()[i] * d * d;
        }
        return sum;
    }

    static int code(int top, float x) {
        return Math.clamp((int) (x + 0.5f), 0, top);
    }
}
