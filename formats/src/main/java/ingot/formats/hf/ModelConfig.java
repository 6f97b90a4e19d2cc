package ingot.formats.hf;

import java.util.Optional;

/**
 * Hyper-parameters of a decoder, whatever the family calls them.
 *
 * @param family names of the architecture
 * @param size widths and counts
 * @param moe the experts, where the family has them
 * @param normEps ε of every RMS norm
 * @param tiedEmbeddings whether the output head is the embedding
 */
public record ModelConfig(
        Family family,
        Size size,
        AttentionConfig attention,
        RopeConfig rope,
        Optional<MoeConfig> moe,
        double normEps,
        boolean tiedEmbeddings) {
    /**
     * Names of the architecture.
     *
     * @param modelType {@code model_type} of config.json
     * @param architecture {@code architectures[0]}
     * @param naming what the checkpoints call the tensors
     * @param norms how they store the scales of RMS norms
     */
    public record Family(String modelType, String architecture, Naming naming, Norms norms) {
        /** A family whose norms are stored plainly. */
        public Family(String modelType, String architecture, Naming naming) {
            this(modelType, architecture, naming, Norms.PLAIN);
        }
    }

    /** How the scale of an RMS norm is stored. */
    public enum Norms {
        /** The scale itself. */
        PLAIN,
        /** w, for a scale of 1 + w. */
        OFFSET
    }

    /** What the tensors of a checkpoint are called. */
    public enum Naming {
        /** {@code model.layers.N.self_attn.q_proj} …: Qwen2 and later. */
        LLAMA,
        /** {@code model.language_model.layers.N.self_attn.q_proj} …, beside {@code model.visual.*}: Qwen3.5. */
        COMPOSITE,
        /** {@code transformer.h.N.attn.c_attn} …: the first Qwen. */
        QWEN1
    }

    /**
     * Widths and counts.
     *
     * @param hidden width of the residual stream
     * @param intermediate width inside the MLP of a layer without experts
     * @param maxPositions max_position_embeddings
     */
    public record Size(int layers, int hidden, int intermediate, int vocab, int maxPositions) {}

    public String modelType() {
        return family.modelType();
    }

    public String architecture() {
        return family.architecture();
    }

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

    /** The experts of a layer; empty where it has one MLP. */
    public Optional<MoeConfig> moe(int layer) {
        return moe.filter(m -> m.layers().get(layer));
    }
}
