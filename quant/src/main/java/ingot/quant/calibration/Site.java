package ingot.quant.calibration;

import ingot.quant.gptq.Factor;
import ingot.quant.gptq.MatrixQuantizer;
import ingot.quant.gptq.Order;
import ingot.quant.gptq.Rounded;
import ingot.quant.gptq.Sweep;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.model.StagedLayer;
import ingot.runtime.model.WeightSpec;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One place of a layer where matrices read the same input: gathers the Hessian of what passes, then rounds the matrices and
 * puts what they decode to in their place.
 */
final class Site implements Visit {
    /** Rows of the head in memory at a time. */
    static final int HEAD_ROWS = 4096;

    private final Kernels kernels;
    private final Order.Kind order;
    private final LayerWeights weights;
    private final TensorSink sink;

    Site(Kernels kernels, Order.Kind order, LayerWeights weights, TensorSink sink) {
        this.kernels = kernels;
        this.order = order;
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
    public void matrices(List<WeightSpec> specs, float @Nullable [] h, String note, StagedLayer layer) {
        float @Nullable [] hessian = h;
        for (int i = 0; i < specs.size(); i++) {
            WeightSpec spec = specs.get(i);
            float[] values = weights.read(spec);
            boolean last = i == specs.size() - 1;
            Result result = hessian == null || !weights.calibrated(spec)
                    ? new Result(weights.plain(spec, values), hessian == null ? note : "")
                    : calibrated(spec, values, last ? hessian : hessian.clone());
            sink.accept(spec, 0, result.rounded(), result.note());
            layer.put(spec, result.rounded().stored());
        }
    }

    /** Rounds the output head, too large to be in memory as a whole, on the Hessian of its inputs. */
    void quantizeHead(WeightSpec head, float[] h) {
        int group = MatrixQuantizer.group(weights.layout(head), head.rows(), head.cols());
        @Nullable Factor factor = null;
        String note = "";
        try {
            factor = Factor.of(h, head.cols(), Sweep.unit(group), order, kernels.blas());
        } catch (Factor.Impossible e) {
            note = "rounded to nearest: " + e.getMessage();
        }
        for (int first = 0; first < head.rows(); first += HEAD_ROWS) {
            int n = Math.min(HEAD_ROWS, head.rows() - first);
            float[] values = weights.read(head, first, n);
            Rounded rounded = factor == null
                    ? weights.plain(head, values)
                    : new MatrixQuantizer(kernels).round(values, n, head.cols(), weights.layout(head), factor);
            sink.accept(head, first, rounded, note);
        }
    }

    private record Result(Rounded rounded, String note) {}

    private Result calibrated(WeightSpec spec, float[] values, float[] h) {
        int group = MatrixQuantizer.group(weights.layout(spec), spec.rows(), spec.cols());
        try {
            Factor factor = Factor.of(h, spec.cols(), Sweep.unit(group), order, kernels.blas());
            Rounded rounded = new MatrixQuantizer(kernels)
                    .round(values, spec.rows(), spec.cols(), weights.layout(spec), factor);
            String note = factor.damping() > Factor.DAMPING * 1.01 ? "damping " + (float) factor.damping() : "";
            return new Result(rounded, note);
        } catch (Factor.Impossible e) {
            return new Result(weights.plain(spec, values), "rounded to nearest: " + e.getMessage());
        }
    }
}
