package ingot.quant.calibration;

import ingot.formats.block.Layout;
import ingot.formats.block.Nf4;
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
    private int[] experts = {};

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
    public void matrices(List<WeightSpec> specs, float @Nullable [] h, String note, StagedLayer layer) {
        float @Nullable [] hessian = h;
        for (int i = 0; i < specs.size(); i++) {
            WeightSpec spec = specs.get(i);
            float[] values = weights.read(spec);
            boolean last = i == specs.size() - 1;
            if (!weights.calibrated(spec)) {
                layer.put(spec, weights.plain(spec, values).stored());
                continue;
            }
            Result result = hessian == null
                    ? new Result(weights.plain(spec, values), note)
                    : calibrated(spec, values, last ? hessian : hessian.clone());
            sink.accept(spec, 0, result.rounded(), result.note());
            layer.put(spec, result.rounded().stored());
        }
    }

    /** Rounds the output head, too large to be in memory as a whole, on the Hessian of its inputs. */
    void quantizeHead(WeightSpec head, float[] h) {
        Layout layout = weights.layout(head);
        int group = MatrixQuantizer.group(layout, head.rows(), head.cols());
        @Nullable Factor factor = null;
        String note = "";
        try {
            factor = Factor.of(h, head.cols(), Sweep.unit(group), order, kernels.blas());
        } catch (Factor.Impossible e) {
            note = TensorSink.NEAREST + e.getMessage();
        }
        // Scales that are quantized themselves belong to the matrix as a whole.
        int step = layout instanceof Nf4 nf4 && nf4.doubleQuant() ? head.rows() : HEAD_ROWS;
        for (int first = 0; first < head.rows(); first += step) {
            int n = Math.min(step, head.rows() - first);
            float[] values = weights.read(head, first, n);
            Result result =
                    factor == null ? new Result(weights.plain(head, values), note) : rounded(head, values, factor);
            sink.accept(head, first, result.rounded(), result.note());
        }
    }

    /** Rounds rows with error feedback, or to nearest where that cannot be. */
    private Result rounded(WeightSpec spec, float[] values, Factor factor) {
        int rows = values.length / spec.cols();
        String note = factor.damping() > Factor.DAMPING * 1.01 ? "damping " + (float) factor.damping() : "";
        try {
            MatrixQuantizer quantizer = new MatrixQuantizer(kernels);
            return new Result(quantizer.round(values, rows, spec.cols(), weights.layout(spec), factor), note);
        } catch (Factor.Impossible e) {
            return new Result(weights.plain(spec, values), TensorSink.NEAREST + e.getMessage());
        }
    }

    private record Result(Rounded rounded, String note) {}

    private Result calibrated(WeightSpec spec, float[] values, float[] h) {
        int group = MatrixQuantizer.group(weights.layout(spec), spec.rows(), spec.cols());
        try {
            return rounded(spec, values, Factor.of(h, spec.cols(), Sweep.unit(group), order, kernels.blas()));
        } catch (Factor.Impossible e) {
            return new Result(weights.plain(spec, values), TensorSink.NEAREST + e.getMessage());
        }
    }
}
