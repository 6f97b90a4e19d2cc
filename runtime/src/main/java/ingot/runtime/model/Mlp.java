package ingot.runtime.model;

/** One gated MLP for every token. */
final class Mlp implements FeedForward {
    private final GatedMlp mlp;
    private final GatedMlp.Weights weights;

    Mlp(DecoderParts parts, GatedMlp.Weights weights) {
        this.mlp = new GatedMlp(parts);
        this.weights = weights;
    }

    @Override
    public void forward(Chunk chunk, float[] x, float[] out) {
        mlp.apply(weights, x, chunk.tokens(), out);
    }
}
