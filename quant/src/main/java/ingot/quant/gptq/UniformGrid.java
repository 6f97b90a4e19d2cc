package ingot.quant.gptq;

/**
 * Whole numbers from {@code min} to {@code max}; codes are the numbers themselves.
 *
 * @param min −8 for int4, −127 for int8
 */
public record UniformGrid(int min, int max, boolean signed) implements Grid {
    /** Adding and taking away 1.5·2²³ rounds |x| &lt; 2²² to the nearest whole number, ties to even. */
    private static final float ROUND = 0x1.8p23f;

    @Override
    public float nearest(float x) {
        float clamped = Math.max(min, Math.min(max, x));
        return clamped + ROUND - ROUND;
    }

    @Override
    public byte code(float level) {
        return (byte) level;
    }

    @Override
    public float low() {
        return min;
    }

    @Override
    public float high() {
        return max;
    }

    @Override
    public int steps() {
        return max - min;
    }
}
