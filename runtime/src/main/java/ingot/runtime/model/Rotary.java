package ingot.runtime.model;

import ingot.formats.hf.RopeConfig;
import ingot.runtime.kernel.Ops;

/**
 * Rotary embedding of the tokens of one chunk. Pairs are (i, i + d/2), as in the reference's {@code rotate_half}.
 *
 * <p>Dynamic NTK takes its base from the length of the sequence at the end of the current call, as the reference does in one
 * forward pass: every token of a call turns with the same base, and keys cached by earlier calls keep theirs. Past the
 * original context, feeding a text in several calls therefore differs from feeding it in one, here as there. The dynamic
 * NTK of the first Qwen takes it from the length of the session's first call and keeps it.
 */
final class Rotary {
    private final RopeConfig rope;
    private final float[] frequencies;
    private final float magnitude;
    private float[] cos = {};
    private float[] sin = {};

    Rotary(RopeConfig rope) {
        this.rope = rope;
        this.frequencies = new float[rope.dims() / 2];
        this.magnitude = RotaryFrequencies.magnitude(rope);
        RotaryFrequencies.fill(rope, 1, frequencies);
    }

    /** Computes the angles of {@code tokens} positions from {@code position} on, in a sequence of {@code length} tokens. */
    void prepare(int position, int tokens, int length) {
        if (RotaryFrequencies.change(rope, position)) {
            RotaryFrequencies.fill(rope, length, frequencies);
        }
        int half = frequencies.length;
        if (cos.length < tokens * half) {
            cos = new float[tokens * half];
            sin = new float[tokens * half];
        }
        for (int t = 0; t < tokens; t++) {
            for (int i = 0; i < half; i++) {
                // The product is rounded to f32 before the cosine, as in the reference.
                float angle = frequencies[i] * (position + t);
                cos[t * half + i] = (float) Math.cos(angle) * magnitude;
                sin[t * half + i] = (float) Math.sin(angle) * magnitude;
            }
        }
    }

    /** Turns the first {@code dims} numbers of one head at {@code at} in place; {@code token} counts from the start of the chunk. */
    void apply(Ops ops, int token, float[] head, int at) {
        int half = frequencies.length;
        ops.rotate(head, at, half, cos, sin, token * half);
    }
}
