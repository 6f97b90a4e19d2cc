package ingot.quant.gptq;

import ingot.quant.scheme.F16Scale;

/** Which scales a layout can store. */
@FunctionalInterface
public interface ScaleRule {
    /** The storable scale nearest to {@code scale}, for one group of one row of the matrix. */
    float storable(int row, int group, float scale);

    /** f16 as round-to-nearest has it, finite. */
    ScaleRule F16 = (row, group, scale) -> {
        float stored = Float.float16ToFloat(F16Scale.nearest(scale));
        return Float.isInfinite(stored) ? Math.copySign(F16Scale.MAX, scale) : stored;
    };

    /** f32, finite. */
    ScaleRule F32 = (row, group, scale) -> Float.isInfinite(scale) ? Math.copySign(Float.MAX_VALUE, scale) : scale;
}
