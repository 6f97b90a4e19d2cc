package ingot.quant.calibration;

import ingot.formats.block.Layout;
import ingot.formats.block.Nf4;
import ingot.quant.gptq.Drift;
import ingot.quant.gptq.Factor;
import ingot.quant.gptq.MatrixQuantizer;
import ingot.quant.gptq.Rounded;
import ingot.quant.gptq.Sweep;
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

    private static final String NEAREST = "rounded to nearest: ";

    private final Kernels kernels;
    private final Rounding.Feedback how;
    private final LayerWeights weights;
    private final TensorSink sink;

    Site(Kernels kernels, Rounding.Feedback how, LayerWeights weights, TensorSink sink) {
        this.kernels = kernels;
        this.how = how;
        this.weights = weights;
        this.sink = sink;
    }

    /** Room for Σ x·xᵀ of inputs of {@code n} columns. */
    static float[] hessian(int n) {
        return new float[Math.multiplyExact(n, n)];
    }

    @Override
    public boolean wantsHessian() {
        return true;
    }

    /** Rounds the matrices that read an input. */
    @Override
    public void matrices(List<WeightSpec> specs, @Nullable Moments moments, String note, StagedLayer layer) {
        Optional<Drift> drift = moments == null ? Optional.empty() : moments.drift(how.drift());
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
                    : calibrated(spec, values, last ? moments.h() : moments.h().clone(), drift);
            sink.accept(spec, 0, result.rounded(), result.note());
            layer.put(spec, result.rounded().stored());
        }
    }

    /** Rounds the output head, too large to be in memory as a whole, on the Hessian of its inputs. */
    void quantizeHead(WeightSpec head, Moments moments) {
        Layout layout = weights.layout(head);
        int group = MatrixQuantizer.group(layout, head.rows(), head.cols());
        @Nullable Factor factor = null;
        String note = "";
        try {
            factor = Factor.of(moments.h(), head.cols(), Sweep.unit(group), how.order(), kernels.blas());
        } catch (Factor.Impossible e) {
            note = NEAREST + e.getMessage();
        }
        // Scales that are quantized themselves belong to the matrix as a whole.
        int step = layout instanceof Nf4 nf4 && nf4.doubleQuant() ? head.rows() : HEAD_ROWS;
        for (int first = 0; first < head.rows(); first += step) {
            int n = Math.min(step, head.rows() - first);
            float[] values = weights.read(head, first, n);
            Result result =
                    factor == null
                            ? new Result(weights.plain(head, values), note)
                            : rounded(head, values, factor, moments.drift(how.drift()));
            sink.accept(head, first, result.rounded(), result.note());
        }
    }

    /** Rounds rows with error feedback, or to nearest where that cannot be. */
    private Result rounded(WeightSpec spec, float[] values, Factor factor, Optional<Drift> drift) {
        int rows = values.length / spec.cols();
        String note = factor.damping() > Factor.DAMPING * 1.01 ? "damping " + (float) factor.damping() : "";
        try {
            MatrixQuantizer quantizer = new MatrixQuantizer(kernels);
            float[] target = drift.map(d -> d.target(values, rows, factor, kernels)).orElse(values);
            Rounded rounded = quantizer.round(target, rows, spec.cols(), weights.layout(spec), factor);
            return new Result(drift.isEmpty() ? rounded : rounded.comparedWith(values), note);
        } catch (Factor.Impossible e) {
            return new Result(weights.plain(spec, values), NEAREST + e.getMessage());
        }
    }

    private record Result(Rounded rounded, String note) {}

    private Result calibrated(WeightSpec spec, float[] values, float[] h, Optional<Drift> drift) {
        int group = MatrixQuantizer.group(weights.layout(spec), spec.rows(), spec.cols());
        try {
            Factor factor = Factor.of(h, spec.cols(), Sweep.unit(group), how.order(), kernels.blas());
            return rounded(spec, values, factor, drift);
        } catch (Factor.Impossible e) {
            return new Result(weights.plain(spec, values), NEAREST + e.getMessage());
        }
    }
}
