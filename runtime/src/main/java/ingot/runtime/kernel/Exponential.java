package ingot.runtime.kernel;

/**
 * e^x in f32 with relative error at most 2⁻²² (checked over all floats of a sweep by the tests), in a fixed order of
 * operations, so that all backends and widths, and compiled and interpreted code, agree. Below −87 the result is 0, above 88 it
 * is e^88; NaN gives NaN.
 *
 * <p>x = n·ln 2 + r with |r| ≤ ln 2 / 2; e^r by the polynomial of Cephes {@code expf} (Moshier); times 2^n through the
 * exponent bits:
 *
 * <pre>
 *   b = min(max(x, LOWEST), HIGHEST);  s = b·LOG2_E + ROUND;  n = s − ROUND
 *   r = n·(−LN2_LOW) + (n·(−LN2_HIGH) + b)
 *   p = ((c₀·r + c₁)·r + …)·(r·r) + r + 1                     every product and sum rounded
 *   e^x = p · float((bits(s) &lt;&lt; 23) + bits(1))
 * </pre>
 */
public final class Exponential {
    public static final float LOWEST = -87;
    public static final float HIGHEST = 88;
    public static final float LOG2_E = 1.4426950408889634f;

    /** ln 2 in two parts; products of the first with n are exact. */
    public static final float LN2_HIGH = 0.693359375f;

    public static final float LN2_LOW = -2.12194440e-4f;

    /** Adding it rounds to an integer, which then stands in the lowest bits: 1.5 · 2²³. */
    public static final float ROUND = 0x1.8p23f;

    /** Coefficients of the polynomial, those of the highest power first. */
    public static final int COEFFICIENTS = 6;

    private Exponential() {}

    /** The i-th coefficient. */
    public static float coefficient(int i) {
        return switch (i) {
            case 0 -> 1.9875691500e-4f;
            case 1 -> 1.3981999507e-3f;
            case 2 -> 8.3334519073e-3f;
            case 3 -> 4.1665795894e-2f;
            case 4 -> 1.6666665459e-1f;
            case 5 -> 5.0000001201e-1f;
            default -> throw new IllegalArgumentException("coefficient " + i);
        };
    }
}
