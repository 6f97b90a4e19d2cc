package ingot.formats.quantized;

import ingot.formats.TensorInfo;
import java.util.Optional;

/**
 * compressed-tensors int-quantized (and naive-quantized): {@code weight} i8 [out, in], {@code weight_scale} per tensor, row,
 * group or block, {@code weight_zero_point} of the same shape unless symmetric; w = (q − zero) · scale. Reference:
 * compressed-tensors {@code quantization/lifecycle/forward.py} ({@code _dequantize}).
 *
 * @param zeros zero points, none where they are all 0
 * @param name method and type for summaries
 */
public record Int8Matrix(TensorInfo codes, ScaleGrid scales, Optional<ScaleGrid> zeros, Range range, String name)
        implements IntegerMatrix {
    @Override
    public long rows() {
        return codes.shape().dim(0);
    }

    @Override
    public int cols() {
        return (int) codes.shape().dim(1);
    }

    @Override
    public int groups() {
        return scales.groups();
    }

    @Override
    public int[] groupOf() {
        return IntegerMatrix.evenGroups(cols(), scales.colBlock());
    }

    @Override
    public void codes(long first, int n, int[] out) {
        int cols = cols();
        byte[] bytes = Stored.bytes(scales.source(), codes, first * cols, Math.multiplyExact(n, cols));
        float[] zero = new float[Math.multiplyExact(n, groups())];
        zeros.ifPresent(z -> z.read(first, n, zero));
        for (int i = 0; i < bytes.length; i++) {
            out[i] = bytes[i] - (int) zero[i / cols * groups() + i % cols / scales.colBlock()];
        }
    }

    @Override
    public void scales(long first, int n, float[] out) {
        scales.read(first, n, out);
    }

    @Override
    public String describe() {
        return name;
    }
}
