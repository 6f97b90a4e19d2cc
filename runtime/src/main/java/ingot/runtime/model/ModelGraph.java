package ingot.runtime.model;

import ingot.formats.hf.AttentionConfig;
import ingot.formats.hf.ModelConfig;
import ingot.formats.hf.MoeConfig;
import ingot.runtime.model.WeightSpec.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Every weight of a model in the order in which a forward pass uses it. The converter writes this list, the runtime binds
 * it: both see the same names, shapes and order.
 *
 * @param weights embedding, layers, final norm, head (absent when tied)
 */
public record ModelGraph(ModelConfig config, List<WeightSpec> weights) {
    public ModelGraph {
        weights = List.copyOf(weights);
    }

    /** The weights of a decoder. */
    public static ModelGraph of(ModelConfig config) {
        List<WeightSpec> weights = new ArrayList<>();
        int hidden = config.hidden();
        ModelNames names = ModelNames.of(config);
        weights.add(WeightSpec.matrix(names.embedding(), Role.EMBEDDING, config.vocabSize(), hidden));
        for (int layer = 0; layer < config.layers(); layer++) {
            weights.addAll(layer(config, layer));
        }
        weights.add(WeightSpec.vector(names.finalNorm(), norm(config), hidden));
        if (!config.tiedEmbeddings()) {
            weights.add(WeightSpec.matrix(names.head(), Role.HEAD, config.vocabSize(), hidden));
        }
        return new ModelGraph(config, weights);
    }

    /** The weights of one layer, in the order of its forward pass. */
    public static List<WeightSpec> layer(ModelConfig config, int layer) {
        List<WeightSpec> weights = new ArrayList<>();
        switch (config.family().naming()) {
            case LLAMA, COMPOSITE -> addLayer(weights, config, DenseNames.of(config, layer));
            case QWEN1 -> addQwen1Layer(weights, config, new Qwen1Names(layer));
        }
        return weights;
    }

    /** The embedding of tokens. */
    public WeightSpec embedding() {
        return weights.getFirst();
    }

    /** The scale of the norm before the head. */
    public WeightSpec finalNorm() {
        return weights.get(config.tiedEmbeddings() ? weights.size() - 1 : weights.size() - 2);
    }

    /** The matrix that makes logits: the embedding where they are tied. */
    public WeightSpec head() {
        return config.tiedEmbeddings() ? weights.getFirst() : weights.getLast();
    }

    /** Number of single weights. */
    public long parameters() {
        return weights.stream().mapToLong(w -> w.shape().count()).sum();
    }

    private static void addLayer(List<WeightSpec> weights, ModelConfig config, DenseNames names) {
        weights.add(WeightSpec.vector(names.inputNorm(), norm(config), config.hidden()));
        config.attention()
                .linear(names.layer())
                .ifPresentOrElse(
                        delta -> DeltaGraph.add(weights, delta, names.delta(), config.hidden()),
                        () -> addAttention(weights, config, names));
        weights.add(WeightSpec.vector(names.postNorm(), norm(config), config.hidden()));
        addFeedForward(weights, config, names);
    }

    private static Role norm(ModelConfig config) {
        return switch (config.family().norms()) {
            case PLAIN -> Role.NORM;
            case OFFSET -> Role.OFFSET_NORM;
        };
    }

    private static void addAttention(List<WeightSpec> weights, ModelConfig config, DenseNames names) {
        int hidden = config.hidden();
        AttentionConfig attention = config.attention();
        addLinear(weights, names.query(), attention.queryRows(), hidden, attention.qkvBias());
        addLinear(weights, names.key(), attention.kvDim(), hidden, attention.qkvBias());
        addLinear(weights, names.value(), attention.kvDim(), hidden, attention.qkvBias());
        if (attention.qkNorm()) {
            weights.add(WeightSpec.vector(names.queryNorm(), norm(config), attention.headDim()));
            weights.add(WeightSpec.vector(names.keyNorm(), norm(config), attention.headDim()));
        }
        addLinear(weights, names.output(), hidden, attention.queryDim(), attention.outputBias());
    }

    private static void addQwen1Layer(List<WeightSpec> weights, ModelConfig config, Qwen1Names names) {
        int hidden = config.hidden();
        int inner = config.size().intermediate();
        AttentionConfig attention = config.attention();
        weights.add(WeightSpec.vector(names.inputNorm(), Role.NORM, hidden));
        int fused = Math.multiplyExact(3, attention.queryDim());
        addLinear(weights, names.qkv(), fused, hidden, attention.qkvBias());
        addLinear(weights, names.output(), hidden, attention.queryDim(), attention.outputBias());
        weights.add(WeightSpec.vector(names.postNorm(), Role.NORM, hidden));
        addLinear(weights, names.gate(), inner, hidden, false);
        addLinear(weights, names.up(), inner, hidden, false);
        addLinear(weights, names.down(), hidden, inner, false);
    }

    private static void addFeedForward(List<WeightSpec> weights, ModelConfig config, DenseNames names) {
        int hidden = config.hidden();
        Optional<MoeConfig> experts = config.moe(names.layer());
        if (experts.isEmpty()) {
            addMlp(weights, names.mlp(), config.size().intermediate(), hidden);
            return;
        }
        MoeConfig moe = experts.get();
        weights.add(WeightSpec.matrix(names.router(), Role.ROUTER, moe.experts(), hidden));
        for (int e = 0; e < moe.experts(); e++) {
            addMlp(weights, names.expert(e), moe.expertInner(), hidden);
        }
        if (moe.sharedInner() > 0) {
            weights.add(WeightSpec.matrix(names.sharedGate(), Role.ROUTER, 1, hidden));
            addMlp(weights, names.sharedExpert(), moe.sharedInner(), hidden);
        }
    }

    private static void addMlp(List<WeightSpec> weights, DenseNames.MlpNames names, int inner, int hidden) {
        addLinear(weights, names.gate(), inner, hidden, false);
        addLinear(weights, names.up(), inner, hidden, false);
        addLinear(weights, names.down(), hidden, inner, false);
    }

    static void addLinear(List<WeightSpec> weights, String module, int rows, int cols, boolean bias) {
        weights.add(WeightSpec.matrix(DenseNames.weight(module), Role.LINEAR, rows, cols));
        if (bias) {
            weights.add(WeightSpec.vector(DenseNames.bias(module), Role.BIAS, rows));
        }
    }
}
