package ingot.runtime.model;

import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.Ops;

/** A pre-norm layer: x += mixer(norm(x)); x += feedForward(norm(x)). */
record DecoderLayer(
        DecoderParts parts, RmsNorm inputNorm, Mixing mixing, RmsNorm postNorm, FeedForward feedForward, int hidden) {
    /** The mixer, and the projection of what it mixed back into the residual stream. */
    record Mixing(Mixer mixer, Linear output) {}

    /** x [tokens][hidden], changed in place. */
    void forward(Chunk chunk, float[] x) {
        Kernels kernels = parts.kernels();
        Ops ops = kernels.ops();
        int tokens = chunk.tokens();
        float[] normed = parts.scratch().rows(Scratch.Slot.NORMED, tokens, hidden);
        float[] branch = parts.scratch().rows(Scratch.Slot.BRANCH, tokens, hidden);
        inputNorm.apply(x, tokens, normed);
        Mixer mixer = mixing.mixer();
        float[] mixed = parts.scratch().rows(Scratch.Slot.MIXED, tokens, mixer.mixedWidth());
        mixer.mix(chunk, normed, mixed);
        mixing.output().apply(kernels, mixed, tokens, branch);
        ops.add(branch, 0, x, 0, tokens * hidden);
        postNorm.apply(x, tokens, normed);
        feedForward.forward(chunk, normed, branch);
        ops.add(branch, 0, x, 0, tokens * hidden);
    }
}
