package ingot.quant.gptq;

import ingot.quant.scheme.F16Scale;

/** Which scales and offsets a format can store. */
@FunctionalInterface
public interface ScaleRule {
    /** The storable pair nearest to {@code wanted}, for one group of one row of the matrix. */
    Scaling storable(int row, int group, Scaling wanted);

    /** The distance between neighbouring pairs; 0 where it is too small to matter. */
    default Scaling step(int row, int group) {
        return new Scaling(0, 0);
    }

    /**
     * Fixes what the groups of a span share, before the first of them is rounded.
     *
     * @param span number in the row
     * @param weights of the span, in the order of the matrix, with the feedback of what was rounded before
     * @param cost what a weight's square error costs
     */
    default void open(int row, int span, float[] weights, float[] cost) {}

    /** f16 as round-to-nearest has it, finite. */
    ScaleRule F16 = (row, group, wanted) -> Scaling.of(half(wanted.scale()));

    /** f32, finite. */
    ScaleRule F32 = (row, group, wanted) -> Scaling.of(
            Float.isInfinite(wanted.scale()) ? Math.copySign(Float.MAX_VALUE, wanted.scale()) : wanted.scale());

    /** Both f16. */
    ScaleRule F16_PAIR = (row, group, wanted) -> new Scaling(half(wanted.scale()), half(wanted.offset()));

    /** The f16 that stands for a scale, finite. */
    static float half(float exact) {
        float stored = Float.float16ToFloat(F16Scale.nearest(exact));
        return Float.isInfinite(stored) ? Math.copySign(F16Scale.MAX, exact) : stored;
    }
}
