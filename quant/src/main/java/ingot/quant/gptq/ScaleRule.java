package ingot.quant.gptq;

/** Which scales a layout can store. */
@FunctionalInterface
public interface ScaleRule {
    /** The storable scale nearest to {@code scale}, for one group of one row of the matrix. */
    float storable(int row, int group, float scale);

    /** Largest finite f16. */
    float MAX_F16 = 65504f;

    /** f16, finite; where f16 is subnormal, of no smaller magnitude, as round-to-nearest has it. */
    ScaleRule F16 = (row, group, scale) -> {
        short bits = Float.floatToFloat16(scale);
        float stored = Float.float16ToFloat(bits);
        if (Float.isInfinite(stored)) {
            return Math.copySign(MAX_F16, scale);
        }
        boolean less = Math.abs(stored) < Math.abs(scale);
        return less && Math.abs(stored) < 0x1p-14f ? Float.float16ToFloat(++bits) : stored;
    };

    /** f32, finite. */
    ScaleRule F32 = (row, group, scale) -> Float.isInfinite(scale) ? Math.copySign(Float.MAX_VALUE, scale) : scale;
}
