package ingot.formats.quantized;

import ingot.formats.DType;
import ingot.formats.TensorInfo;
import ingot.formats.TensorSource;
import ingot.formats.block.Layout;
import java.util.Optional;

/**
 * FP8 E4M3 with scales: w = q · scale, one rounding to f32. Two layouts:
 *
 * <ul>
 *   <li>{@code quant_method: fp8}: {@code weight} [out, in] and {@code weight_scale_inv} [⌈out/128⌉, ⌈in/128⌉]; despite its
 *       name the number multiplies. Reference: DeepSeek-V3 {@code inference/kernel.py} ({@code weight_dequant_kernel}).
 *   <li>compressed-tensors float-quantized: {@code weight} and {@code weight_scale} per tensor, row, group or block.
 *       Reference: compressed-tensors {@code quantization/lifecycle/forward.py} ({@code _dequantize}).
 * </ul>
 *
 * @param name method and type for summaries
 */
public record FloatMatrix(TensorInfo codes, ScaleGrid scales, String name) implements Packed {
    static FloatMatrix fp8(Fp8Config config, Stored stored, String module, String suffix) {
        TensorInfo scale = stored.find(module + suffix).orElseThrow();
        TensorInfo weight = stored.require(module + ".weight", scale);
        Stored.checkMatrix(weight, DType.F8_E4M3);
        Stored.check(scale, ScaleGrid.SCALES, scale.shape(), "");
        long rows = weight.shape().dim(0);
        int cols = Stored.cols(weight.shape().dim(1), weight);
        TensorSource source = stored.source();
        ScaleGrid grid = config.block()
                .map(block -> ScaleGrid.blocks(source, scale, rows, cols, block))
                .orElseGet(() -> ScaleGrid.tensor(source, scale, rows, cols))
                .orElseThrow(() -> Stored.mismatch(
                        scale,
                        "shape " + scale.shape() + " does not fit a weight " + weight.shape() + " with "
                                + config.block()
                                        .map(b -> "blocks of " + b.rows() + " x " + b.cols())
                                        .orElse("one factor")));
        String blocks = config.block().map(b -> b.rows() + "x" + b.cols()).orElse("tensor");
        return new FloatMatrix(weight, grid, "fp8 " + blocks);
    }

    @Override
    public long rows() {
        return codes.shape().dim(0);
    }

    @Override
    public int cols() {
        return (int) codes.shape().dim(1);
    }

    @Override
    public void decode(long first, int n, float[] out) {
        int cols = cols();
        float[] factors = new float[Math.multiplyExact(n, scales.groups())];
        scales.read(first, n, factors);
        Stored.floats(scales.source(), codes, first * cols, out, 0, Math.multiplyExact(n, cols));
        for (int row = 0; row < n; row++) {
            for (int k = 0; k < cols; k++) {
                out[row * cols + k] *= factors[row * scales.groups() + k / scales.colBlock()];
            }
        }
    }

    @Override
    public String describe() {
        return name;
    }

    /** None of our layouts holds FP8. */
    @Override
    public Optional<Layout> natural() {
        return Optional.empty();
    }
}
