package ingot.runtime.model;

import ingot.formats.hf.MoeConfig;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.Matrix;
import java.util.function.IntConsumer;

/** Sends every token to its experts: softmax in f32 over all of them, then the largest. One per layer and decoder. */
final class Router {
    private final Kernels kernels;
    private final Scratch scratch;
    private final MoeConfig config;
    private final Matrix weight;
    private final IntConsumer choose = this::choose;
    private float[] probabilities = {};

    /** @param weight [experts, hidden] */
    Router(DecoderParts parts, MoeConfig config, Matrix weight) {
        this.kernels = parts.kernels();
        this.scratch = parts.scratch();
        this.config = config;
        this.weight = weight;
    }

    /** x [tokens][hidden] → where each token goes; valid until the next call of any router of the decoder. */
    Routing route(float[] x, int tokens) {
        int experts = config.experts();
        Routing routing = scratch.routing();
        probabilities = scratch.rows(Scratch.Slot.ROUTER, tokens, experts);
        kernels.matmul(weight, x, tokens, probabilities);
        routing.prepare(tokens, config.perToken(), experts);
        kernels.parallel(tokens, choose);
        routing.group(tokens, experts);
        return routing;
    }

    private void choose(int token) {
        int at = token * config.experts();
        kernels.ops().softmax(probabilities, at, config.experts());
        scratch.routing().choose(token, probabilities, at, config.experts(), config.normalize());
    }

    int hidden() {
        return weight.cols();
    }
}
