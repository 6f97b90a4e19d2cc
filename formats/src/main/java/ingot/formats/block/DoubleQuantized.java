package ingot.formats.block;

/**
 * Scales of NF4 that are quantized themselves (QLoRA, section 3): offset = mean of all scales; what is left of each is
 * divided by the largest magnitude among its 256 neighbours and rounded to the nearest value of {@link DynamicMap}.
 *
 * @param codes index of every scale
 * @param nested largest magnitude of every 256 scales
 * @param offset mean of the scales
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier between two steps of encoding, never compared
public record DoubleQuantized(byte[] codes, float[] nested, float offset) {
    /** Quantizes scales given row-major over (row, group); the mean is summed in double, in order. */
    public static DoubleQuantized of(float[] absmax) {
        double sum = 0;
        for (float a : absmax) {
            sum += a;
        }
        float offset = absmax.length == 0 ? 0 : (float) (sum / absmax.length);
        byte[] codes = new byte[absmax.length];
        float[] nested = new float[(absmax.length + Nf4.NESTED - 1) / Nf4.NESTED];
        for (int b = 0; b < nested.length; b++) {
            int from = b * Nf4.NESTED;
            int to = Math.min(absmax.length, from + Nf4.NESTED);
            for (int i = from; i < to; i++) {
                nested[b] = Math.max(nested[b], Math.abs(absmax[i] - offset));
            }
            for (int i = from; i < to; i++) {
                // 0 / 0 is NaN, which rounds to the value 0.
                codes[i] = (byte) DynamicMap.nearest((absmax[i] - offset) / nested[b]);
            }
        }
        return new DoubleQuantized(codes, nested, offset);
    }
}
