package ingot.runtime.model;

import ingot.runtime.kernel.Kernels;
import java.util.function.IntConsumer;

/** down(silu(gate(x)) · up(x)) (Shazeer 2020, SwiGLU) for whichever weights it is called with. One per layer and decoder. */
final class GatedMlp {
    /** Elements per parallel task: short enough to share one token's width among threads. */
    private static final int BLOCK = 1024;

    private final Kernels kernels;
    private final Scratch scratch;
    private final IntConsumer activate = this::activate;
    private float[] gate = {};
    private float[] up = {};
    private int length;

    /** The three projections: gate and up [inner, hidden], down [hidden, inner]. */
    record Weights(Linear gate, Linear up, Linear down) {}

    GatedMlp(DecoderParts parts) {
        this.kernels = parts.kernels();
        this.scratch = parts.scratch();
    }

    /** x [tokens][hidden] → out [tokens][hidden]. */
    void apply(Weights weights, float[] x, int tokens, float[] out) {
        float[] inner = scratch.rows(Scratch.Slot.GATE, tokens, weights.gate().rows());
        inner(weights.gate(), weights.up(), x, tokens, inner);
        weights.down().apply(kernels, inner, tokens, out);
    }

    /** x [tokens][hidden] → silu(gate(x)) · up(x) [tokens][inner], what the down projection reads. */
    void inner(Linear gateLinear, Linear upLinear, float[] x, int tokens, float[] out) {
        int inner = gateLinear.rows();
        gate = out;
        up = scratch.rows(Scratch.Slot.UP, tokens, inner);
        length = tokens * inner;
        scratch.projections().add(gateLinear, gate).add(upLinear, up).apply(kernels, x, tokens);
        kernels.parallel(Math.ceilDiv(length, BLOCK), activate);
    }

    private void activate(int block) {
        int at = block * BLOCK;
        kernels.ops().siluMul(gate, at, up, at, Math.min(BLOCK, length - at));
    }
}
