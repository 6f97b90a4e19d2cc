package ingot.formats.hf;

/**
 * Hyper-parameters of a dense decoder, whatever the family calls them.
 *
 * @param modelType {@code model_type} of config.json
 * @param architecture {@code architectures[0]}
 * @param size widths and counts
 * @param normEps ε of every RMS norm
 * @param tiedEmbeddings whether the output head is the embedding
 */
public record ModelConfig(
        String modelType,
        String architecture,
        Size size,
        AttentionConfig attention,
        RopeConfig rope,
        double normEps,
        boolean tiedEmbeddings) {
    /**
     * Widths and counts.
     *
     * @param hidden width of the residual stream
     * @param intermediate width inside the MLP
     * @param maxPositions max_position_embeddings
     */
    public record Size(int layers, int hidden, int intermediate, int vocab, int maxPositions) {}

    public int layers() {
        return size.layers();
    }

    public int hidden() {
        return size.hidden();
    }

    public int vocabSize() {
        return size.vocab();
    }

    public int maxPositions() {
        return size.maxPositions();
    }
}
