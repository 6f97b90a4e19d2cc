package ingot.formats.quantized;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.Shape;
import ingot.formats.TensorInfo;
import ingot.formats.TensorSource;
import ingot.formats.Text;
import ingot.formats.block.Layout;
import java.util.Optional;
import java.util.Set;

/**
 * bitsandbytes LLM.int8: {@code weight} i8 [out, in], {@code SCB} f32 [out], the largest magnitude of a row; w = (q · SCB) ·
 * (1/127), rounded to f32 after each product, with 1/127 as the f32 of the reference's constant 7.874015718698502e-3.
 * {@code weight_format} 0 is row-major; the tiled formats of old GPU kernels are refused. Reference: bitsandbytes {@code
 * functional.py} ({@code int8_vectorwise_dequant}).
 */
public record Bnb8Matrix(TensorSource source, TensorInfo codes, TensorInfo absmax) implements Packed {
    private static final float PER_STEP = 7.874015718698502e-3f;

    static Bnb8Matrix open(Stored stored, String module) {
        TensorInfo absmax = stored.find(module + ".SCB").orElseThrow();
        TensorInfo weight = stored.require(module + ".weight", absmax);
        Stored.checkMatrix(weight, DType.I8);
        Stored.cols(weight.shape().dim(1), weight);
        Stored.check(absmax, Set.of(DType.F32), new Shape(weight.shape().dim(0)), "outputs of weight");
        stored.find(module + ".weight_format").ifPresent(format -> requireRows(stored.source(), format));
        return new Bnb8Matrix(stored.source(), weight, absmax);
    }

    private static void requireRows(TensorSource source, TensorInfo format) {
        if (format.dtype() != DType.U8 || format.shape().count() != 1) {
            throw Stored.bad(format, format.dtype().label() + " " + format.shape() + "; expected one U8");
        }
        int value = Stored.bytes(source, format, 0, 1)[0];
        if (value != 0) {
            throw IngotException.ConfigMismatch.in(
                    format.file(),
                    "tensor " + Text.quote(format.name()) + ": format " + value
                            + " is not supported; expected 0, row-major");
        }
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
        float[] max = new float[n];
        Stored.floats(source, absmax, first, max, 0, n);
        Stored.floats(source, codes, first * cols, out, 0, Math.multiplyExact(n, cols));
        for (int i = 0; i < n * cols; i++) {
            out[i] = out[i] * max[i / cols] * PER_STEP;
        }
    }

    @Override
    public String describe() {
        return "bitsandbytes int8 channel";
    }

    /** SCB ÷ 127 is no f16. */
    @Override
    public Optional<Layout> natural() {
        return Optional.empty();
    }
}
