package ingot.quant.calibration;

import ingot.quant.gptq.Drift;
import ingot.quant.gptq.Factor;
import ingot.quant.gptq.MatrixQuantizer;
import ingot.quant.gptq.Order;
import ingot.quant.gptq.Rounded;
import ingot.quant.gptq.Target;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.model.StagedLayer;
import ingot.runtime.model.WeightSpec;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One place of a layer where matrices read the same input: gathers the Hessian of what passes, then rounds the matrices and
 * puts what they decode to in their place.
 */
final class Site implements Visit {
    /** Rows of the head in memory at a time. */
    static final int HEAD_ROWS = 4096;

    private final Kernels kernels;
    private final Rounding how;
    private final LayerWeights weights;
    private final TensorSink sink;
    private int[] experts = {};

    Site(Kernels kernels, Rounding how, LayerWeights weights, TensorSink sink) {
        this.kernels = kernels;
        this.how = how;
        this.weights = weights;
        this.sink = sink;
    }

    @Override
    public boolean wantsHessian(List<WeightSpec> specs) {
        return specs.stream().anyMatch(weights::calibrated);
    }

    @Override
    public void routed(int[] tokens) {
        experts = tokens.clone();
    }

    /** Tokens of each expert of the layer that passed; of no length without experts. */
    int[] experts() {
        return experts.clone();
    }

    /** Rounds the matrices that read an input. */
    @Override
    public void matrices(List<WeightSpec> specs, @Nullable Moments moments, String note, StagedLayer layer) {
        for (int i = 0; i < specs.size(); i++) {
            WeightSpec spec = specs.get(i);
            float[] values = weights.read(spec);
            boolean last = i == specs.size() - 1;
            if (!weights.calibrated(spec)) {
                layer.put(spec, weights.plain(spec, values).stored());
                continue;
            }
            Result result = moments == null
                    ? new Result(weights.plain(spec, values), note)
                    : rounded(
                            spec,
                            values,
                            inputs(spec, last ? moments.h() : moments.h().clone(), moments));
            sink.accept(spec, 0, result.rounded(), result.note());
            layer.put(spec, result.rounded().stored());
        }
    }

    /** Rounds the output head, too large to be in memory as a whole, on the Hessian of its inputs. */
    void quantizeHead(WeightSpec head, Moments moments) {
        Inputs inputs = inputs(head, moments.h(), moments);
        int step = weights.target(head).whole() ? head.rows() : HEAD_ROWS;
        for (int first = 0; first < head.rows(); first += step) {
            int n = Math.min(step, head.rows() - first);
            float[] values = weights.read(head, first, n);
            Result result = rounded(head, values, inputs);
            sink.accept(head, first, result.rounded(), result.note());
        }
    }

    private record Result(Rounded rounded, String note) {}

    /**
     * What is known of the inputs of a matrix.
     *
     * @param squares Σ x² + λ by column
     * @param factor of their Hessian; null when there is none
     * @param note why not, or what had to be done for it
     * @param drift what to make up for
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Inputs(float[] squares, @Nullable Factor factor, String note, Optional<Drift> drift) {}

    /** @param h consumed */
    private Inputs inputs(WeightSpec spec, float[] h, Moments moments) {
        int n = spec.cols();
        if (moments.tooWide()) {
            return new Inputs(new float[0], null, moments.reason(), Optional.empty());
        }
        float[] squares = new float[n];
        double sum = 0;
        for (int i = 0; i < n; i++) {
            squares[i] = h[i * n + i];
            sum += squares[i];
        }
        // Damped as H is: columns that the text leaves at 0 still have weights, which other texts may ask for.
        for (int i = 0; i < n; i++) {
            squares[i] += (float) (Factor.DAMPING * sum / n);
        }
        Order.Kind order = how instanceof Rounding.Feedback feedback ? feedback.order() : Order.Kind.NATURAL;
        Optional<Drift> drift =
                how instanceof Rounding.Feedback feedback ? moments.drift(feedback.drift()) : Optional.empty();
        try {
            Factor factor = Factor.of(h, n, weights.target(spec).units(n), order, kernels.blas());
            boolean classic = factor.damping() <= Factor.DAMPING * 1.01;
            return new Inputs(squares, factor, classic ? "" : "damping " + (float) factor.damping(), drift);
        } catch (Factor.Impossible e) {
            return new Inputs(squares, null, TensorSink.NEAREST + e.getMessage(), drift);
        }
    }

    /** Rounds rows by what is known of their inputs, or to nearest where that cannot be. */
    private Result rounded(WeightSpec spec, float[] values, Inputs inputs) {
        Factor factor = inputs.factor();
        if (factor == null) {
            return new Result(weights.plain(spec, values), inputs.note());
        }
        int rows = values.length / spec.cols();
        MatrixQuantizer quantizer = new MatrixQuantizer(kernels);
        try {
            return switch (how) {
                case Rounding.Feedback feedback -> {
                    Target target = weights.target(spec);
                    float[] goal = inputs.drift()
                            .map(d -> d.target(values, rows, factor, kernels))
                            .orElse(values);
                    Rounded rounded = quantizer.round(goal, rows, spec.cols(), target, factor);
                    yield new Result(inputs.drift().isEmpty() ? rounded : rounded.comparedWith(values), inputs.note());
                }
                case Rounding.Importance importance -> {
                    Rounded weighted = weights.weighted(spec, values, inputs.squares());
                    yield new Result(quantizer.measured(weighted, values, factor), inputs.note());
                }
                case Rounding.Plain plain ->
                    new Result(quantizer.measured(weights.plain(spec, values), values, factor), inputs.note());
            };
        } catch (Factor.Impossible e) {
            String note = TensorSink.NEAREST + e.getMessage();
            return new Result(
                    weights.plain(spec, values), inputs.note().isEmpty() ? note : note + "; " + inputs.note());
        }
    }
}
