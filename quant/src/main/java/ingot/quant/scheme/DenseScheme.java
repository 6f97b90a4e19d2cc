package ingot.quant.scheme;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.Numbers;
import ingot.formats.block.Dense;
import ingot.formats.block.Layout;
import ingot.runtime.verify.ErrorSum;
import java.lang.foreign.MemorySegment;

/**
 * Floating-point storage: every weight rounded to nearest even. f32 is exact for everything narrower; a type too narrow for a
 * weight (f16 beyond ±65504) is refused unless {@code allowOverflow}, which stores infinities.
 */
public record DenseScheme(Dense dense, boolean allowOverflow) implements Scheme {
    @Override
    public Layout layout() {
        return dense;
    }

    @Override
    public String method() {
        return "round";
    }

    @Override
    public double encode(MatrixSource source, PartSink sink) {
        ErrorSum error = new ErrorSum();
        long overflows = 0;
        try (RowBlocks blocks = new RowBlocks(source)) {
            for (int rows = blocks.advance(); rows > 0; rows = blocks.advance()) {
                int n = rows * source.cols();
                MemorySegment out = blocks.parts(dense, rows).getFirst();
                overflows += store(blocks, n, out);
                blocks.addTo(error, rows);
                sink.write(0, out);
            }
        }
        if (overflows > 0 && !allowOverflow) {
            throw new IngotException.BadData(source.origin() + ": " + overflows + " weights beyond ±"
                    + (dense.type() == DType.F16
                            ? "65504 do not fit f16; use --type bf16 or f32"
                            : "3.39e38 do not fit bf16; use --type f32"));
        }
        return error.nmse();
    }

    private long store(RowBlocks blocks, int n, MemorySegment out) {
        long overflows = 0;
        float[] w = blocks.weights;
        float[] stored = blocks.stored;
        if (dense.type() == DType.F32) {
            MemorySegment.copy(w, 0, out, Numbers.LE_FLOAT, 0, n);
            System.arraycopy(w, 0, stored, 0, n);
        } else if (dense.type() == DType.BF16) {
            for (int i = 0; i < n; i++) {
                short bits = Numbers.f32ToBf16(w[i]);
                out.set(Numbers.LE_SHORT, 2L * i, bits);
                stored[i] = Numbers.bf16ToF32(bits);
                overflows += overflowed(w[i], stored[i]);
            }
        } else {
            for (int i = 0; i < n; i++) {
                short bits = Float.floatToFloat16(w[i]);
                out.set(Numbers.LE_SHORT, 2L * i, bits);
                stored[i] = Float.float16ToFloat(bits);
                overflows += overflowed(w[i], stored[i]);
            }
        }
        return overflows;
    }

    private static int overflowed(float weight, float stored) {
        return Float.isInfinite(stored) && Float.isFinite(weight) ? 1 : 0;
    }
}
