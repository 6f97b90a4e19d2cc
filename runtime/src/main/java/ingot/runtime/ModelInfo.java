package ingot.runtime;

import ingot.formats.hf.ModelConfig;
import ingot.runtime.kv.KvType;
import java.util.List;

/**
 * What a model is and how it is stored and run.
 *
 * @param parameters number of weights; tied embeddings count once
 * @param type label of the storage type of the linear layers, e.g. {@code bf16}, {@code int4 g32}, {@code mixed}
 * @param backend kernels in use, e.g. {@code scalar}, {@code vector-512}
 * @param threads that compute
 * @param kvCache how sessions store keys and values, unless asked for another way
 * @param weights in the order in which a forward pass uses them
 */
public record ModelInfo(
        ModelConfig config,
        long parameters,
        String type,
        String backend,
        int threads,
        KvType kvCache,
        List<WeightInfo> weights) {
    public ModelInfo {
        weights = List.copyOf(weights);
    }

    /** As config.json names it, e.g. {@code Qwen3ForCausalLM}. */
    public String architecture() {
        return config.architecture();
    }

    /** As config.json names it, e.g. {@code qwen3}. */
    public String modelType() {
        return config.modelType();
    }

    public int layers() {
        return config.layers();
    }

    public int hidden() {
        return config.hidden();
    }

    public int vocabSize() {
        return config.vocabSize();
    }

    /** Positions the model was trained or scaled for: max_position_embeddings. */
    public int contextLength() {
        return config.maxPositions();
    }

    /** Bits of all weights together ÷ {@link #parameters}. */
    public double bitsPerWeight() {
        return 8.0 * weights.stream().mapToLong(WeightInfo::bytes).sum() / Math.max(1, parameters);
    }
}
