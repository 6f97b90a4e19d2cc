package ingot.runtime.model;

import ingot.formats.hf.RopeConfig;

/**
 * Angles per position of a rotary embedding, in the reference's arithmetic (transformers, modeling_rope_utils.py): powers
 * and frequencies rounded to f32, so that a long context turns by the same angle.
 */
final class RotaryFrequencies {
    private RotaryFrequencies() {}

    /** The frequencies before a call has changed them. */
    static float[] initial(RopeConfig rope) {
        float[] frequencies = new float[rope.dims() / 2];
        fill(rope, 1, frequencies);
        return frequencies;
    }

    /**
     * Writes the frequency of every pair for a sequence of {@code length} tokens (only dynamic NTK, of either kind, depends on it).
     *
     * @param out [headDim ÷ 2]
     */
    static void fill(RopeConfig rope, int length, float[] out) {
        int dim = 2 * out.length;
        switch (rope.scaling()) {
            case RopeConfig.None() -> plain(rope.theta(), out);
            case RopeConfig.DualChunk chunk -> plain(rope.theta(), out);
            case RopeConfig.Linear(double factor) -> {
                plain(rope.theta(), out);
                for (int i = 0; i < out.length; i++) {
                    out[i] = (float) (out[i] / factor);
                }
            }
            case RopeConfig.DynamicNtk(double factor, int original) -> {
                double n = Math.max(length, original);
                double stretch = factor * n / original - (factor - 1);
                plain(rope.theta() * Math.pow(stretch, dim / (dim - 2.0)), out);
            }
            case RopeConfig.Qwen1Ntk ntk -> plain(rope.theta() * Math.pow(ntk.alpha(length), dim / (dim - 2.0)), out);
            case RopeConfig.Yarn yarn -> yarn(rope.theta(), yarn, out);
        }
    }

    /** Factor of cosines and sines. */
    static float magnitude(RopeConfig rope) {
        return rope.scaling() instanceof RopeConfig.Yarn yarn ? (float) yarn.attentionFactor() : 1;
    }

    /** Whether the frequencies change with a call that begins at {@code position}. */
    static boolean change(RopeConfig rope, int position) {
        return switch (rope.scaling()) {
            case RopeConfig.DynamicNtk dynamic -> true;
            case RopeConfig.Qwen1Ntk ntk -> position == 0;
            case RopeConfig.None none -> false;
            case RopeConfig.DualChunk chunk -> false;
            case RopeConfig.Linear linear -> false;
            case RopeConfig.Yarn yarn -> false;
        };
    }

    /** theta^(−2i/d). */
    private static void plain(double theta, float[] out) {
        for (int i = 0; i < out.length; i++) {
            out[i] = 1 / power(theta, i, out.length);
        }
    }

    private static float power(double theta, int i, int half) {
        float exponent = (float) i / half;
        return (float) Math.pow((float) theta, exponent);
    }

    private static void yarn(double theta, RopeConfig.Yarn yarn, float[] out) {
        int dim = 2 * out.length;
        double low = correctionDim(yarn.betaFast(), dim, theta, yarn.originalMaxPositions());
        double high = correctionDim(yarn.betaSlow(), dim, theta, yarn.originalMaxPositions());
        if (yarn.truncate()) {
            low = Math.floor(low);
            high = Math.ceil(high);
        }
        low = Math.max(low, 0);
        high = Math.min(high, dim - 1);
        if (low == high) {
            high += 0.001;
        }
        for (int i = 0; i < out.length; i++) {
            float power = power(theta, i, out.length);
            float kept = 1 / power;
            float interpolated = (float) (1 / (yarn.factor() * power));
            float ramp = (float) Math.clamp((i - low) / (high - low), 0, 1);
            out[i] = interpolated * ramp + kept * (1 - ramp);
        }
    }

    /** The pair (as a real number) that makes {@code rotations} turns within the original context. */
    private static double correctionDim(double rotations, int dim, double theta, int original) {
        return dim * Math.log(original / (rotations * 2 * Math.PI)) / (2 * Math.log(theta));
    }
}
