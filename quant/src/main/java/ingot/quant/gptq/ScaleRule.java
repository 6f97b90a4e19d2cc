package ingot.quant.gptq;

/** Which scales a layout can store. */
@FunctionalInterface
public interface ScaleRule {
    /** The storable scale nearest to {@code scale}, for one group of one row of the matrix. */
    float storable(int row, int group, float scale);

    /** f16, finite. */
    ScaleRule F16 = (row, group, scale) -> {
        float stored = Float.float16ToFloat(Float.floatToFloat16(scale));
        return Float.isInfinite(stored) ? Math.copySign(65504f, scale) : stored;
    };

    /** Any f32. */
    ScaleRule F32 = (row, group, scale) -> scale;
}
