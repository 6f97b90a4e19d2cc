package ingot.quant.calibration;

import ingot.formats.block.Iq4;
import ingot.formats.block.Layout;
import ingot.quant.gptq.Factor;
import ingot.quant.gptq.MatrixQuantizer;
import ingot.quant.gptq.Order;
import ingot.quant.gptq.Rounded;
import ingot.quant.gptq.Target;
import ingot.quant.gptq.Units;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.model.WeightSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Rounds some rows of a matrix to every candidate type, the way the conversion will, and says what it did. Rows are
 * rounded independently, so evenly spaced ones stand for all.
 */
final class CandidateErrors {
    /** The type whose damage is measured on the model; that of the others follows from the ratio of their errors. */
    static final Layout PROBE = new Iq4(64);

    private final Kernels kernels;
    private final LayerWeights weights;
    private final Rounding rounding;
    private final List<Layout> candidates;

    CandidateErrors(Kernels kernels, LayerWeights weights, Rounding rounding, List<Layout> candidates) {
        this.kernels = kernels;
        this.weights = weights;
        this.rounding = rounding;
        this.candidates = candidates;
        if (!candidates.contains(PROBE)) {
            throw new IllegalArgumentException("candidates without " + PROBE.label());
        }
    }

    /**
     * Errors by candidate, 0 where unknown; sums of them over matrices say how their types compare.
     *
     * @param outputs tr(E·H·Eᵀ)
     * @param squares ΣE²
     */
    @SuppressWarnings("ArrayRecordComponent") // accumulators, never compared
    record Errors(double[] outputs, double[] squares) {
        static Errors none(int candidates) {
            return new Errors(new double[candidates], new double[candidates]);
        }

        private void forgetOutputs() {
            Arrays.fill(outputs, 0);
        }

        void add(Errors other) {
            for (int i = 0; i < outputs.length; i++) {
                outputs[i] += other.outputs[i];
                squares[i] += other.squares[i];
            }
        }
    }

    /** Some rows of a matrix, and room for what is found. */
    @SuppressWarnings("ArrayRecordComponent") // a view for one call
    record Sample(WeightSpec spec, float[] rows, Errors errors) {
        int count() {
            return rows.length / spec.cols();
        }
    }

    Errors none() {
        return Errors.none(candidates.size());
    }

    /** Up to {@code count} evenly spaced rows of a matrix. */
    static Sample sample(WeightSpec spec, float[] values, int count, Errors errors) {
        int n = Math.min(count, spec.rows());
        int cols = spec.cols();
        float[] rows = new float[n * cols];
        for (int i = 0; i < n; i++) {
            System.arraycopy(values, row(i, n, spec) * cols, rows, i * cols, cols);
        }
        return new Sample(spec, rows, errors);
    }

    static int row(int i, int count, WeightSpec spec) {
        return Math.toIntExact((long) i * spec.rows() / count);
    }

    /**
     * Measures samples of matrices that read the same input. Where the Hessian has no factor for one of the candidates,
     * outputs are known of none: what is unknown must not look like no error.
     *
     * @param h the Hessian of that input, consumed; null when unknown
     * @param probe is called when the factor for {@link #PROBE} is there, with null in its place where there is none
     */
    void measure(List<Sample> samples, float @Nullable [] h, Consumer<@Nullable Factor> probe) {
        WeightSpec any = samples.getFirst().spec();
        Map<Integer, List<Layout>> byUnit = new TreeMap<>();
        for (Layout candidate : candidates) {
            byUnit.computeIfAbsent(unit(candidate, any), u -> new ArrayList<>()).add(candidate);
        }
        int left = byUnit.size();
        boolean known = true;
        for (Map.Entry<Integer, List<Layout>> entry : byUnit.entrySet()) {
            left--;
            Factor factor = h == null ? null : factor(left == 0 ? h : h.clone(), any.cols(), entry.getKey());
            known &= factor != null;
            for (Layout candidate : entry.getValue()) {
                samples.forEach(s -> measure(s, candidate, factor));
                if (candidate.equals(PROBE)) {
                    probe.accept(factor);
                }
            }
        }
        if (!known) {
            samples.forEach(s -> s.errors().forgetOutputs());
        }
    }

    private static int unit(Layout layout, WeightSpec spec) {
        return new Target.Stored(layout).units(spec.cols()).unit();
    }

    private @Nullable Factor factor(float[] h, int n, int unit) {
        Order.Kind order = rounding instanceof Rounding.Feedback f ? f.order() : Order.Kind.NATURAL;
        try {
            return Factor.of(h, n, new Units(unit, unit), order, kernels.blas());
        } catch (Factor.Impossible e) {
            return null;
        }
    }

    private void measure(Sample sample, Layout candidate, @Nullable Factor factor) {
        int at = candidates.indexOf(candidate);
        float[] stored = round(sample.spec(), sample.rows(), candidate, factor).stored();
        float[] error = new float[stored.length];
        for (int i = 0; i < error.length; i++) {
            error[i] = sample.rows()[i] - stored[i];
            sample.errors().squares()[at] += (double) error[i] * error[i];
        }
        if (factor != null) {
            sample.errors().outputs()[at] += new MatrixQuantizer(kernels).energy(error, sample.count(), factor);
        }
    }

    /** Rounds rows of a matrix as the conversion would. */
    Rounded round(WeightSpec spec, float[] rows, Layout layout, @Nullable Factor factor) {
        Target target = new Target.Stored(layout);
        if (factor == null || !(rounding instanceof Rounding.Feedback)) {
            return weights.plain(spec, target, rows);
        }
        try {
            return new MatrixQuantizer(kernels).round(rows, rows.length / spec.cols(), spec.cols(), target, factor);
        } catch (Factor.Impossible e) {
            return weights.plain(spec, target, rows);
        }
    }

    /**
     * Damage by candidate from that of {@link #PROBE}: it grows with the energy of the error, as a divergence does near
     * its minimum.
     */
    List<Double> damage(double measured, double[] errors, double atProbe) {
        return Arrays.stream(errors)
                .mapToObj(e -> atProbe > 0 ? measured * e / atProbe : 0.0)
                .toList();
    }

    /** The same types without error feedback. */
    CandidateErrors plainly() {
        return new CandidateErrors(kernels, weights, new Rounding.Plain(), candidates);
    }

    int probeIndex() {
        return candidates.indexOf(PROBE);
    }
}
