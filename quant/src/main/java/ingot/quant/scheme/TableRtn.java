package ingot.quant.scheme;

import ingot.formats.block.Iq4;

/**
 * Round-to-nearest on the table of {@link Iq4}, with a search for the scale as in llama.cpp's IQ4_NL ({@code
 * quantize_row_iq4_nl_impl}): with m the group's weight of largest magnitude, 1 ÷ scale = (−127 + t) ÷ m for t = −7 … 7
 * gives codes; of those the ones that a weighted least-squares scale s = Σ v·w·q ÷ Σ v·q², v = w², fits best are kept, with
 * that scale as f16, to which the weights are rounded once more.
 */
public record TableRtn(Iq4 layout) implements GroupRtn {
    private static final int TRIALS = 7;
    private static final float[] VALUES = Iq4.values();

    /** 2x of the values is −254 … 226. */
    private static final int HALVES = 256;

    /** Nearest code of x by ⌊2x⌋ + {@link #HALVES}: midpoints of neighbouring values are multiples of ½. */
    private static final byte[] NEAREST = nearest();

    private static byte[] nearest() {
        byte[] nearest = new byte[2 * HALVES];
        int code = 0;
        for (int i = 0; i < nearest.length; i++) {
            while (code < VALUES.length - 1 && i - HALVES >= VALUES[code] + VALUES[code + 1]) {
                code++;
            }
            nearest[i] = (byte) code;
        }
        return nearest;
    }

    /** Code of the value nearest to x, the upper one of two equally near; NaN is taken for 0. */
    private static byte nearest(float x) {
        float half = Math.clamp(2 * x, -HALVES, HALVES - 1);
        return NEAREST[(int) Math.floor(half) + HALVES];
    }

    @Override
    public short group(RowBlocks blocks, int from, int to, byte[] codes) {
        float[] weights = blocks.weights;
        float extreme = GroupRtn.extreme(weights, from, to);
        float best = extreme / VALUES[0];
        double most = 0;
        for (int t = -TRIALS; t <= TRIALS && extreme != 0; t++) {
            float inverse = (VALUES[0] + t) / extreme;
            double product = 0;
            double square = 0;
            for (int i = from; i < to; i++) {
                float w = weights[i];
                float q = VALUES[nearest(w * inverse)];
                product += (double) w * w * w * q;
                square += (double) w * w * q * q;
            }
            // s·Σ vwq = (Σ vwq)² ÷ Σ vq² is what the fit takes off the error Σ vw².
            if (product * product > most * square) {
                most = product * product / square;
                best = (float) (product / square);
            }
        }
        short bits = F16Scale.of(best, blocks.source());
        float scale = Float.float16ToFloat(bits);
        float inverse = scale == 0 ? 0 : 1 / scale;
        for (int i = from; i < to; i++) {
            codes[i] = nearest(weights[i] * inverse);
            blocks.stored[i] = VALUES[codes[i]] * scale;
        }
        return bits;
    }
}
