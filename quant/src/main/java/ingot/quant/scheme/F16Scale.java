package ingot.quant.scheme;

import ingot.formats.IngotException;

/** Scales of integer types, as the f16 they are stored in. */
public final class F16Scale {
    /** Largest finite f16. */
    public static final float MAX = 65504f;

    private static final float MIN_NORMAL = 0x1p-14f;

    private F16Scale() {}

    /** As {@link #nearest}, but refuses what f16 cannot hold. */
    static short of(float exact, MatrixSource source) {
        if (Math.abs(exact) > MAX) {
            throw new IngotException.BadData(source.origin() + ": a group needs the scale " + exact
                    + ", beyond the ±65504 of f16; use --type bf16 or f32");
        }
        if (exact == 0) {
            return 0; // Not −0: a group of zeros decodes to plain zeros.
        }
        return nearest(exact);
    }

    /**
     * The f16 nearest to {@code exact}, infinite beyond {@link #MAX}; where f16 is subnormal, the next one of no smaller
     * magnitude, so that the coarse rounding of tiny scales never clips the group's largest weight.
     */
    public static short nearest(float exact) {
        short bits = Float.floatToFloat16(exact);
        float stored = Float.float16ToFloat(bits);
        if (Math.abs(stored) < MIN_NORMAL && Math.abs(stored) < Math.abs(exact)) {
            bits++; // One step away from zero, whatever the sign: f16 is sign and magnitude.
        }
        return bits;
    }
}
