package ingot.runtime.kernel.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * e^x in f32 with relative error at most 2⁻²² (checked over all floats of a sweep by the tests), in a fixed order of
 * operations, so that all widths, and compiled and interpreted code, agree. Below −87 the result is 0, above 88 it is
 * e^88; NaN gives NaN.
 *
 * <p>x = n·ln 2 + r with |r| ≤ ln 2 / 2; e^r by the polynomial of Cephes {@code expf} (Moshier); times 2^n through the
 * exponent bits.
 */
final class Exp {
    private static final float LOWEST = -87;
    private static final float HIGHEST = 88;
    private static final float LOG2_E = 1.4426950408889634f;

    /** ln 2 in two parts; products of the first with n are exact. */
    private static final float LN2_HIGH = 0.693359375f;

    private static final float LN2_LOW = -2.12194440e-4f;

    /** Adding it rounds to an integer, which then stands in the lowest bits: 1.5 · 2²³. */
    private static final float ROUND = 0x1.8p23f;

    private Exp() {}

    static FloatVector of(FloatVector x) {
        FloatVector bounded = x.max(LOWEST).min(HIGHEST);
        FloatVector shifted = bounded.mul(LOG2_E).add(ROUND);
        FloatVector n = shifted.sub(ROUND);
        FloatVector r = n.mul(-LN2_HIGH).add(bounded);
        r = n.mul(-LN2_LOW).add(r);
        FloatVector p = r.mul(1.9875691500e-4f).add(1.3981999507e-3f);
        p = p.mul(r).add(8.3334519073e-3f);
        p = p.mul(r).add(4.1665795894e-2f);
        p = p.mul(r).add(1.6666665459e-1f);
        p = p.mul(r).add(5.0000001201e-1f);
        p = p.mul(r.mul(r)).add(r).add(1);
        // The upper bits of ROUND leave the register; what remains is n in the place of the exponent.
        IntVector exponent = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
        FloatVector power = exponent.add(0x3F800000).reinterpretAsFloats();
        return p.mul(power).blend(0, x.compare(VectorOperators.LT, LOWEST));
    }
}
