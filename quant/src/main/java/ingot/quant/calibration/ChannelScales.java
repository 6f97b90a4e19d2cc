package ingot.quant.calibration;

import ingot.quant.gptq.Factor;
import ingot.quant.gptq.MatrixQuantizer;
import ingot.quant.gptq.Order;
import ingot.quant.transform.ChannelScaling;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.model.WeightSpec;
import java.util.Arrays;
import java.util.Optional;

/**
 * Scales for the channels of a place, by what rounding leaves of its readers' outputs (AWQ; Lin et al. 2023): with x̄ the
 * strength of a channel and w̄ the mean share of its weights in their groups, s = x̄^r ÷ (w̄^(1−r) + 10⁻⁴) for 20 values of r,
 * and no scaling. The error of rounding W·diag(s) is taken as tr(E·H·Eᵀ) on a sample of rows.
 */
final class ChannelScales {
    private static final int RATIOS = 20;

    /** Rows of a matrix that are rounded to try a scaling. */
    private static final int ROWS = 128;

    private final Kernels kernels;
    private final LayerWeights weights;
    private final double[] strength;
    private final double[] share;
    private final double[] losses = new double[RATIOS + 1];
    private int matrices;

    /** @param strength root mean square of what passes each channel */
    ChannelScales(Kernels kernels, LayerWeights weights, double[] strength) {
        this.kernels = kernels;
        this.weights = weights;
        this.strength = strength;
        this.share = new double[strength.length];
    }

    /**
     * A matrix that reads the place; all come before the first {@link #measure}.
     *
     * @param of the channel of every column
     */
    void weigh(WeightSpec spec, float[] values, int[] of) {
        if (!weights.calibrated(spec)) {
            return;
        }
        int n = spec.cols();
        int group = weights.target(spec).units(n).unit();
        for (int row = 0; row < values.length; row += n) {
            for (int from = 0; from < n; from += group) {
                int end = Math.min(n, from + group);
                double most = 0;
                for (int k = from; k < end; k++) {
                    most = Math.max(most, Math.abs(values[row + k]));
                }
                for (int k = from; k < end && most > 0; k++) {
                    share[of[k]] += Math.abs(values[row + k]) / most / (values.length / n);
                }
            }
        }
        matrices++;
    }

    /** How the scalings do for a matrix on its input's Hessian, which is consumed. */
    void measure(WeightSpec spec, float[] values, int[] of, float[] h) {
        if (!weights.calibrated(spec)) {
            return;
        }
        Factor factor;
        try {
            factor = Factor.of(
                    h, spec.cols(), weights.target(spec).units(spec.cols()), Order.Kind.NATURAL, kernels.blas());
        } catch (Factor.Impossible e) {
            return;
        }
        CandidateErrors.Sample sample = CandidateErrors.sample(spec, values, ROWS, CandidateErrors.Errors.none(0));
        int n = spec.cols();
        for (int i = 0; i < losses.length; i++) {
            double[] scales = scales(i);
            float[] scaled = new float[sample.rows().length];
            for (int k = 0; k < scaled.length; k++) {
                scaled[k] = (float) (sample.rows()[k] * scales[of[k % n]]);
            }
            float[] stored = weights.plain(spec, weights.target(spec), scaled).stored();
            float[] error = new float[scaled.length];
            for (int k = 0; k < error.length; k++) {
                error[k] = (float) (sample.rows()[k] - stored[k] / scales[of[k % n]]);
            }
            double energy = new MatrixQuantizer(kernels).energy(error, sample.count(), factor);
            losses[i] += energy * spec.rows() / sample.count();
        }
    }

    /** Scaling {@code i}, around 1; the last one is none. */
    private double[] scales(int i) {
        double[] scales = new double[strength.length];
        Arrays.fill(scales, 1);
        if (i == RATIOS) {
            return scales;
        }
        double ratio = (double) i / RATIOS;
        double high = 0;
        for (int c = 0; c < scales.length; c++) {
            double w = share[c] / Math.max(1, matrices);
            scales[c] = StrictMath.pow(strength[c], ratio) / (StrictMath.pow(w, 1 - ratio) + 1e-4);
            high = Math.max(high, scales[c]);
        }
        double low = Double.POSITIVE_INFINITY;
        for (int c = 0; c < scales.length; c++) {
            // Nothing passes a dead channel, but its weights stay.
            scales[c] = Math.max(scales[c], 1e-4 * high);
            low = Math.min(low, scales[c]);
        }
        double middle = Math.sqrt(low * high);
        for (int c = 0; c < scales.length && middle > 0; c++) {
            scales[c] /= middle;
        }
        return scales;
    }

    /** The best scaling, if one is better than none. */
    Optional<ChannelScaling> best() {
        int best = RATIOS;
        for (int i = 0; i < RATIOS; i++) {
            best = losses[i] < losses[best] ? i : best;
        }
        return best == RATIOS ? Optional.empty() : Optional.of(new ChannelScaling(scales(best)));
    }
}
