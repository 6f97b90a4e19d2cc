package ingot.formats.hf;

import ingot.formats.Text;
import ingot.formats.json.ObjectFields;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** The decoders of Qwen2, Qwen3 and their mixtures of experts: how config.json of each maps to the neutral record. */
enum DenseFamily implements ConfigFamily {
    /** Qwen2 and Qwen2.5: bias on q, k and v; head width = hidden ÷ heads unless given. */
    QWEN2("qwen2", "Qwen2ForCausalLM"),
    /** Qwen3: norm on q and k; head width 128 unless given; {@code attention_bias} for all four projections. */
    QWEN3("qwen3", "Qwen3ForCausalLM"),
    /** Qwen2-MoE (Qwen1.5-MoE, Qwen2-57B-A14B): Qwen2 with routed experts and one shared expert behind a gate. */
    QWEN2_MOE("qwen2_moe", "Qwen2MoeForCausalLM"),
    /** Qwen3-MoE: Qwen3 with routed experts. */
    QWEN3_MOE("qwen3_moe", "Qwen3MoeForCausalLM");

    static final int MAX_WIDTH = 1 << 24;
    private static final int MAX_HEADS = 1 << 16;

    /**
     * Settings of other families, or of modified ones, with the one value that leaves the arithmetic as implemented here.
     * The reference would ignore most of them in these families, but whoever wrote them into the file meant something.
     */
    private static final Map<String, String> NEUTRAL = Map.ofEntries(
            Map.entry("mlp_bias", "false"),
            Map.entry("use_logn_attn", "false"),
            Map.entry("use_dynamic_ntk", "false"),
            Map.entry("rotary_pct", "1"),
            Map.entry("use_mrope", "false"),
            Map.entry("attn_logit_softcapping", "0"),
            Map.entry("final_logit_softcapping", "0"),
            Map.entry("is_causal", "true"),
            Map.entry("causal", "true"),
            Map.entry("position_embedding_type", "rope"),
            Map.entry("swiglu_limit", "0"),
            Map.entry("is_encoder_decoder", "false"),
            Map.entry("add_cross_attention", "false"),
            Map.entry("scale_attn_by_inverse_layer_idx", "false"),
            Map.entry("logit_scale", "1"),
            Map.entry("embedding_multiplier", "1"),
            // Other mixtures of experts.
            Map.entry("routed_scaling_factor", "1"),
            Map.entry("scoring_func", "softmax"),
            Map.entry("first_k_dense_replace", "0"),
            Map.entry("n_group", "1"),
            Map.entry("topk_group", "1"),
            Map.entry("n_shared_experts", "0"),
            Map.entry("moe_layer_freq", "1"));

    private final String modelType;
    private final String architecture;

    DenseFamily(String modelType, String architecture) {
        this.modelType = modelType;
        this.architecture = architecture;
    }

    @Override
    public String modelType() {
        return modelType;
    }

    @Override
    public String architecture() {
        return architecture;
    }

    @Override
    public ModelConfig read(ObjectFields fields) {
        refuseUnknownArithmetic(fields);
        refuseContradictions(fields);
        var size = new ModelConfig.Size(
                fields.requireInteger("num_hidden_layers", 1, 1000),
                fields.requireInteger("hidden_size", 1, MAX_WIDTH),
                intermediate(fields),
                fields.requireInteger("vocab_size", 1, MAX_WIDTH),
                fields.integerOr("max_position_embeddings", 32768, 1, 1 << 30));
        AttentionConfig attention = attention(fields, size);
        return new ModelConfig(
                new ModelConfig.Family(modelType, architecture, ModelConfig.Naming.LLAMA),
                size,
                attention,
                RopeReader.read(fields, attention.headDim(), size.maxPositions()),
                experts(fields, size.layers()),
                fields.numberOr("rms_norm_eps", 1e-6, 1e-30, 1),
                fields.flag("tie_word_embeddings", false));
    }

    /** Only layers without experts have this width. */
    private int intermediate(ObjectFields fields) {
        return switch (this) {
            case QWEN2, QWEN3 -> fields.requireInteger("intermediate_size", 1, MAX_WIDTH);
            case QWEN2_MOE -> fields.integerOr("intermediate_size", 5632, 1, MAX_WIDTH);
            case QWEN3_MOE -> fields.integerOr("intermediate_size", 6144, 1, MAX_WIDTH);
        };
    }

    /** Settings that say again, in words of other files, what the family does anyway. */
    private void refuseContradictions(ObjectFields fields) {
        boolean qkNorm = this == QWEN3 || this == QWEN3_MOE;
        if (fields.flag("use_qk_norm", qkNorm) != qkNorm) {
            throw fields.unsupported(
                    "use_qk_norm", "'" + !qkNorm + "' contradicts model_type " + Text.quote(modelType));
        }
        boolean bias = this != QWEN2_MOE && fields.flag("attention_bias", this == QWEN2);
        if (this != QWEN2_MOE && fields.flag("qkv_bias", bias) != bias) {
            throw fields.unsupported("qkv_bias", "'" + !bias + "' contradicts 'attention_bias' or the model type");
        }
        double theta = fields.numberOr("rope_theta", 0, 0, 1e15);
        if (theta > 0 && fields.numberOr("rotary_emb_base", theta, 0, 1e15) != theta) {
            throw fields.unsupported("rotary_emb_base", "contradicts 'rope_theta' " + theta);
        }
    }

    private Optional<MoeConfig> experts(ObjectFields fields, int layers) {
        return switch (this) {
            case QWEN2, QWEN3 -> {
                if (fields.integerOr("num_experts", 0, 0, Integer.MAX_VALUE) != 0) {
                    throw fields.unsupported(
                            "num_experts",
                            ObjectFields.show(fields.node().get("num_experts")) + " with model_type "
                                    + Text.quote(modelType) + "; expected 0 or nothing, or model_type "
                                    + Text.quote(modelType + "_moe"));
                }
                yield Optional.empty();
            }
            case QWEN2_MOE ->
                Optional.of(MoeReader.read(fields, layers, new MoeReader.Defaults(60, 4, 1408, 5632, true, false)));
            case QWEN3_MOE ->
                Optional.of(MoeReader.read(fields, layers, new MoeReader.Defaults(128, 8, 768, 0, false, false)));
        };
    }

    private AttentionConfig attention(ObjectFields fields, ModelConfig.Size size) {
        int heads = fields.requireInteger("num_attention_heads", 1, MAX_HEADS);
        // Absent means the reference's default, null means one per query head.
        int kvHeads = fields.node().has("num_key_value_heads")
                ? fields.integerOr("num_key_value_heads", heads, 1, MAX_HEADS)
                : defaultKvHeads();
        if (heads % kvHeads != 0) {
            throw fields.unsupported("num_key_value_heads", kvHeads + " does not divide num_attention_heads " + heads);
        }
        int headDim = headDim(fields, size.hidden(), heads);
        if (headDim % 2 != 0) {
            throw fields.unsupported("head_dim", headDim + " is odd; the rotary embedding needs pairs");
        }
        if ((long) heads * headDim > MAX_WIDTH) {
            throw fields.bad("head_dim", heads + " heads of " + headDim + " are wider than " + MAX_WIDTH);
        }
        boolean attentionBias = fields.flag("attention_bias", false);
        List<Integer> windows = windows(fields, size.layers());
        Projections projections = switch (this) {
            case QWEN2 -> new Projections(true, false, false);
            case QWEN2_MOE -> new Projections(fields.flag("qkv_bias", true), false, false);
            case QWEN3, QWEN3_MOE -> new Projections(attentionBias, attentionBias, true);
        };
        return new AttentionConfig(heads, kvHeads, headDim, projections, windows, OptionalInt.empty());
    }

    private int defaultKvHeads() {
        return switch (this) {
            case QWEN2, QWEN3 -> 32;
            case QWEN2_MOE -> 16;
            case QWEN3_MOE -> 4;
        };
    }

    private int headDim(ObjectFields fields, int hidden, int heads) {
        OptionalInt given = fields.integer("head_dim", 1, 1 << 16);
        if (given.isPresent()) {
            return given.getAsInt();
        }
        if (this == QWEN3 && !fields.node().has("head_dim")) {
            return 128;
        }
        if (hidden % heads != 0) {
            throw fields.unsupported(
                    "num_attention_heads",
                    heads + " does not divide hidden_size " + hidden + " and no head_dim is given");
        }
        return hidden / heads;
    }

    /**
     * Window per layer. {@code layer_types} decides where it is given. Otherwise, if {@code use_sliding_window}: dense
     * layers from {@code max_window_layers} on; every second layer below it in Qwen2-MoE; every layer in Qwen3-MoE, whose
     * reference does not look at the layers at all.
     */
    private List<Integer> windows(ObjectFields fields, int layers) {
        boolean used = fields.flag("use_sliding_window", false);
        int maxWindowLayers = fields.integerOr("max_window_layers", 28, 0, Integer.MAX_VALUE);
        int window = 0;
        if (used) {
            window = fields.node().has("sliding_window")
                    ? fields.integerOr("sliding_window", 0, 1, Integer.MAX_VALUE)
                    : 4096;
        }
        List<Integer> byNumber = new ArrayList<>(layers);
        for (int i = 0; i < layers; i++) {
            boolean windowed = switch (this) {
                case QWEN2, QWEN3 -> i >= maxWindowLayers;
                case QWEN2_MOE -> i % 2 == 0 && i < maxWindowLayers;
                case QWEN3_MOE -> true;
            };
            byNumber.add(windowed ? window : 0);
        }
        if (!fields.has("layer_types")) {
            return byNumber;
        }
        List<Integer> listed = LayerTypes.windows(fields, layers, window);
        if (this == QWEN3_MOE && !listed.equals(byNumber)) {
            throw fields.unsupported(
                    "layer_types", "contradicts 'use_sliding_window', which decides for every layer of " + modelType);
        }
        return listed;
    }

    /** Refuses what changes the arithmetic of any family in a way not implemented here. */
    static void refuseUnknownArithmetic(ObjectFields fields) {
        fields.text("hidden_act")
                .filter(act -> !act.equals("silu") && !act.equals("swish"))
                .ifPresent(act -> {
                    throw fields.unsupported("hidden_act", Text.quote(act) + " is not supported; expected silu");
                });
        if (fields.has("quantization_config")) {
            throw fields.unsupported(
                    "quantization_config",
                    "the weights are quantized; open the model folder, which reads them, not config.json alone");
        }
        if (fields.has("quantization")) {
            throw fields.unsupported(
                    "quantization", "checkpoints quantized by MLX are not supported; convert from the original one");
        }
        UnknownFields.refuse(fields, NEUTRAL);
    }
}
