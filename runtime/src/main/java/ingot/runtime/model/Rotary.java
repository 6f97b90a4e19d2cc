package ingot.runtime.model;

import ingot.formats.hf.RopeConfig;
import ingot.runtime.kernel.Ops;

/**
 * Rotary embedding of the tokens of one chunk. Pairs are (i, i + d/2), as in the reference's {@code rotate_half}.
 *
 * <p>Dynamic NTK takes its base from the length of the sequence at the end of the current call, as the reference does in one
 * forward pass: every token of a call turns with the same base, and keys cached by earlier calls keep theirs. Past the
 * original context, feeding a text in several calls therefore differs from feeding it in one, here as there. The dynamic
 * NTK of the first Qwen takes it from the length of the sequence's first call and keeps it.
 */
final class Rotary {
    private final RopeConfig rope;
    private final int half;
    private final float magnitude;
    private float[] cos = {};
    private float[] sin = {};

    Rotary(RopeConfig rope) {
        this.rope = rope;
        this.half = rope.dims() / 2;
        this.magnitude = RotaryFrequencies.magnitude(rope);
    }

    /** Computes the angles of every row of a chunk. */
    void prepare(Chunk chunk) {
        int length = Math.multiplyExact(chunk.tokens(), half);
        if (cos.length < length) {
            cos = new float[length];
            sin = new float[length];
        }
        for (int i = 0; i < chunk.sequences(); i++) {
            prepare(chunk.segment(i));
        }
    }

    private void prepare(Segment segment) {
        float[] frequencies = segment.memory().frequencies();
        if (RotaryFrequencies.change(rope, segment.position())) {
            RotaryFrequencies.fill(rope, segment.span().length(), frequencies);
        }
        for (int t = 0; t < segment.tokens(); t++) {
            int at = (segment.first() + t) * half;
            for (int i = 0; i < half; i++) {
                // The product is rounded to f32 before the cosine, as in the reference.
                float angle = frequencies[i] * (segment.position() + t);
                cos[at + i] = (float) Math.cos(angle) * magnitude;
                sin[at + i] = (float) Math.sin(angle) * magnitude;
            }
        }
    }

    /** Turns the first {@code dims} numbers of one head at {@code at} in place, by the angles of a row of the chunk. */
    void apply(Ops ops, int row, float[] head, int at) {
        ops.rotate(head, at, half, cos, sin, row * half);
    }
}
