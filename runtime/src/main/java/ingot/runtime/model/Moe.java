package ingot.runtime.model;

import ingot.formats.hf.MoeConfig;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.Matrix;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Mixture of experts: Σ weightₑ(x) · expertₑ(x) over the experts the router chose, plus sigmoid(gate(x)) · shared(x) where
 * there is a shared expert. Only chosen experts are computed, each once for all of its tokens; a token's sum runs over its
 * experts in rising order, so that results do not depend on the number of threads.
 */
final class Moe implements FeedForward {
    private final Kernels kernels;
    private final Scratch scratch;
    private final MoeConfig config;
    private final Weights weights;
    private final GatedMlp mlp;
    private final Router router;
    private final Routing routing;
    private final int hidden;

    /**
     * @param router [experts, hidden]
     * @param experts by number
     * @param shared what every token passes, if there is such an expert
     */
    record Weights(
            Matrix router,
            List<GatedMlp.Weights> experts,
            @Nullable Shared shared) {}

    /** The shared expert and its gate [1, hidden]. */
    record Shared(Matrix gate, GatedMlp.Weights expert) {}

    Moe(DecoderParts parts, MoeConfig config, Weights weights) {
        this.kernels = parts.kernels();
        this.scratch = parts.scratch();
        this.config = config;
        this.weights = weights;
        this.mlp = new GatedMlp(parts);
        this.router = new Router(parts, config, weights.router());
        this.routing = parts.scratch().routing();
        this.hidden = router.hidden();
    }

    @Override
    public void forward(Chunk chunk, float[] x, float[] out) {
        int tokens = chunk.tokens();
        int experts = config.experts();
        router.route(x, tokens);
        Arrays.fill(out, 0, tokens * hidden, 0);
        for (int e = 0; e < experts; e++) {
            if (routing.count(e) > 0) {
                addExpert(e, x, out);
            }
        }
        Shared shared = weights.shared();
        if (shared != null) {
            addShared(shared, x, tokens, out);
        }
    }

    private void addExpert(int expert, float[] x, float[] out) {
        int count = routing.count(expert);
        float[] gathered = scratch.rows(Scratch.Slot.GATHERED, count, hidden);
        float[] result = scratch.rows(Scratch.Slot.EXPERT, count, hidden);
        for (int i = 0; i < count; i++) {
            System.arraycopy(x, routing.token(expert, i) * hidden, gathered, i * hidden, hidden);
        }
        mlp.apply(weights.experts().get(expert), gathered, count, result);
        for (int i = 0; i < count; i++) {
            int at = routing.token(expert, i) * hidden;
            kernels.ops().axpy(routing.weight(expert, i), result, i * hidden, out, at, hidden);
        }
    }

    private void addShared(Shared shared, float[] x, int tokens, float[] out) {
        float[] gate = scratch.rows(Scratch.Slot.ROUTER, tokens, 1);
        float[] result = scratch.rows(Scratch.Slot.EXPERT, tokens, hidden);
        kernels.matmul(shared.gate(), x, tokens, gate);
        mlp.apply(shared.expert(), x, tokens, result);
        for (int t = 0; t < tokens; t++) {
            kernels.ops().axpy(open(gate[t]), result, t * hidden, out, t * hidden, hidden);
        }
    }

    /** How much of the shared expert's output a token takes. */
    static float open(float gate) {
        return (float) (1 / (1 + Math.exp(-gate)));
    }
}
