package ingot.runtime.model;

import ingot.runtime.kernel.Kernels;

/** The norm between the last layer and the output head, by itself. For one thread. */
public final class FinalNorm {
    private final RmsNorm norm;

    /** @param stored its scale, as the checkpoint has it */
    public FinalNorm(ModelGraph graph, float[] stored, Kernels kernels) {
        ModelWeights weights = ModelWeights.partial(graph.config());
        weights.put(graph.finalNorm(), stored);
        this.norm = weights.norm(kernels, graph.finalNorm().name());
    }

    /** x [tokens][hidden] → out, alike. */
    public void apply(float[] x, int tokens, float[] out) {
        norm.apply(x, tokens, out);
    }
}
