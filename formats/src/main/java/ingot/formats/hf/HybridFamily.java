package ingot.formats.hf;

import ingot.formats.Text;
import ingot.formats.json.ObjectFields;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import tools.jackson.databind.JsonNode;

/**
 * The decoders of Qwen3-Next and Qwen3.5: most layers are gated DeltaNets, every fourth is attention behind a gate. Defaults of
 * transformers' configuration_qwen3_next.py, configuration_qwen3_5.py and configuration_qwen3_5_moe.py.
 *
 * <p>Composite files hold the decoder's settings in {@code text_config}, beside those of a vision tower, which is not read.
 * Multimodal rotary sections do not matter for text: all three positions of a token are the same there.
 */
enum HybridFamily implements ConfigFamily {
    QWEN3_NEXT("qwen3_next", "Qwen3NextForCausalLM"),
    QWEN3_5("qwen3_5", "Qwen3_5ForConditionalGeneration"),
    QWEN3_5_TEXT("qwen3_5_text", "Qwen3_5ForCausalLM"),
    QWEN3_5_MOE("qwen3_5_moe", "Qwen3_5MoeForConditionalGeneration"),
    QWEN3_5_MOE_TEXT("qwen3_5_moe_text", "Qwen3_5MoeForCausalLM");

    private static final int MAX_HEADS = 1 << 16;
    private static final int MAX_HEAD_DIM = 1 << 16;

    /** Numbers in the states of a session, 1 GiB; the largest published model has 2^26. */
    private static final long MAX_STATE = 1 << 28;

    private final String modelType;
    private final String architecture;

    HybridFamily(String modelType, String architecture) {
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
    public ModelConfig read(ObjectFields root) {
        DenseFamily.refuseUnknownArithmetic(root);
        ObjectFields fields = root;
        if (composite()) {
            fields = root.object("text_config")
                    .orElseThrow(() -> root.bad("text_config", "missing; expected the settings of the decoder"));
            requireTextType(fields);
            DenseFamily.refuseUnknownArithmetic(fields);
        }
        refuseUnknownArithmetic(fields);
        var size = new ModelConfig.Size(
                fields.requireInteger("num_hidden_layers", 1, 1000),
                fields.requireInteger("hidden_size", 1, DenseFamily.MAX_WIDTH),
                intermediate(fields),
                fields.requireInteger("vocab_size", 1, DenseFamily.MAX_WIDTH),
                fields.integerOr("max_position_embeddings", 32768, 1, 1 << 30));
        AttentionConfig attention = attention(fields, size.layers());
        ModelConfig.Naming naming = composite() ? ModelConfig.Naming.COMPOSITE : ModelConfig.Naming.LLAMA;
        return new ModelConfig(
                new ModelConfig.Family(modelType, architecture, naming, ModelConfig.Norms.OFFSET),
                size,
                attention,
                RopeReader.readPartial(fields, attention.headDim(), size.maxPositions()),
                experts(fields, size.layers()),
                fields.numberOr("rms_norm_eps", 1e-6, 1e-30, 1),
                tied(root, fields));
    }

    private boolean composite() {
        return this == QWEN3_5 || this == QWEN3_5_MOE;
    }

    private void requireTextType(ObjectFields fields) {
        fields.text("model_type").filter(t -> !t.equals(modelType + "_text")).ifPresent(t -> {
            throw fields.unsupported(
                    "model_type",
                    Text.quote(t) + " is not supported inside " + Text.quote(modelType) + "; expected "
                            + Text.quote(modelType + "_text"));
        });
    }

    /** The whole model's field decides where both are there, as in the reference. */
    private static boolean tied(ObjectFields root, ObjectFields fields) {
        return root.flag("tie_word_embeddings", fields.flag("tie_word_embeddings", false));
    }

    private static void refuseUnknownArithmetic(ObjectFields fields) {
        if (!fields.flag("attn_output_gate", true)) {
            throw fields.unsupported("attn_output_gate", "'false' is not supported; expected true or nothing");
        }
        String gate = fields.text("output_gate_type").orElse("swish");
        if (!gate.equals("swish") && !gate.equals("silu")) {
            throw fields.unsupported(
                    "output_gate_type", Text.quote(gate) + " is not supported; expected swish or silu");
        }
        if (!fields.flag("use_qk_norm", true)) {
            throw fields.unsupported("use_qk_norm", "'false' is not supported for this model type");
        }
        if (fields.has("dual_chunk_attention_config")) {
            throw fields.unsupported("dual_chunk_attention_config", "is not supported for this model type");
        }
        if (fields.flag("use_sliding_window", false)) {
            throw fields.unsupported("use_sliding_window", "'true' is not supported for this model type");
        }
    }

    /** A mixture of experts has no other MLP unless {@code mlp_only_layers} says so, which only Qwen3-Next knows. */
    private int intermediate(ObjectFields fields) {
        return switch (this) {
            case QWEN3_5, QWEN3_5_TEXT -> fields.requireInteger("intermediate_size", 1, DenseFamily.MAX_WIDTH);
            case QWEN3_NEXT, QWEN3_5_MOE, QWEN3_5_MOE_TEXT ->
                fields.integerOr("intermediate_size", 5632, 1, DenseFamily.MAX_WIDTH);
        };
    }

    private Optional<MoeConfig> experts(ObjectFields fields, int layers) {
        return switch (this) {
            case QWEN3_5, QWEN3_5_TEXT -> {
                if (fields.integerOr("num_experts", 0, 0, Integer.MAX_VALUE) != 0) {
                    throw fields.unsupported(
                            "num_experts", "experts with a dense model_type; expected 'qwen3_5_moe' or no experts");
                }
                yield Optional.empty();
            }
            case QWEN3_NEXT ->
                Optional.of(MoeReader.read(fields, layers, new MoeReader.Defaults(512, 10, 512, 512, true, true)));
            case QWEN3_5_MOE, QWEN3_5_MOE_TEXT -> {
                MoeConfig moe = MoeReader.read(fields, layers, new MoeReader.Defaults(256, 8, 512, 512, true, true));
                if (moe.layers().contains(false)) {
                    throw fields.unsupported(
                            moe.experts() == 0
                                    ? "num_experts"
                                    : fields.has("decoder_sparse_step") ? "decoder_sparse_step" : "mlp_only_layers",
                            "every layer of this model type has experts");
                }
                // The reference does not read norm_topk_prob here.
                yield Optional.of(new MoeConfig(
                        moe.experts(), moe.perToken(), moe.expertInner(), moe.sharedInner(), true, moe.layers()));
            }
        };
    }

    private AttentionConfig attention(ObjectFields fields, int layers) {
        int heads = fields.integerOr("num_attention_heads", 16, 1, MAX_HEADS);
        int kvHeads = fields.node().has("num_key_value_heads")
                ? fields.integerOr("num_key_value_heads", heads, 1, MAX_HEADS)
                : this == QWEN3_5 || this == QWEN3_5_TEXT ? 4 : 2;
        if (heads % kvHeads != 0) {
            throw fields.unsupported("num_key_value_heads", kvHeads + " does not divide num_attention_heads " + heads);
        }
        int headDim = fields.integerOr("head_dim", 256, 1, MAX_HEAD_DIM);
        requireWidth(fields, "head_dim", heads, headDim);
        boolean bias = fields.flag("attention_bias", false);
        return new AttentionConfig(
                heads,
                kvHeads,
                headDim,
                new Projections(bias, bias, true, true),
                Collections.nCopies(layers, 0),
                OptionalInt.empty(),
                Optional.of(deltaNet(fields, layers)));
    }

    private DeltaNetConfig deltaNet(ObjectFields fields, int layers) {
        int keyHeads = fields.integerOr("linear_num_key_heads", 16, 1, MAX_HEADS);
        int valueHeads = fields.integerOr("linear_num_value_heads", 32, 1, MAX_HEADS);
        if (valueHeads % keyHeads != 0) {
            throw fields.unsupported(
                    "linear_num_key_heads", keyHeads + " does not divide linear_num_value_heads " + valueHeads);
        }
        int keyDim = fields.integerOr("linear_key_head_dim", 128, 1, MAX_HEAD_DIM);
        int valueDim = fields.integerOr("linear_value_head_dim", 128, 1, MAX_HEAD_DIM);
        requireWidth(fields, "linear_key_head_dim", keyHeads, keyDim);
        requireWidth(fields, "linear_value_head_dim", valueHeads, valueDim);
        List<Boolean> linear = linearLayers(fields, layers);
        // Widths stay below 2^22 and heads below 2^16: neither product overflows.
        long state = (long) valueHeads * keyDim * valueDim;
        if (state * linear.stream().filter(is -> is).count() > MAX_STATE) {
            throw fields.bad(
                    "linear_value_head_dim", "the states of all layers would have more than " + MAX_STATE + " numbers");
        }
        return new DeltaNetConfig(
                keyHeads,
                valueHeads,
                keyDim,
                valueDim,
                fields.integerOr("linear_conv_kernel_dim", 4, 1, 64),
                this == QWEN3_NEXT ? DeltaNetConfig.Packing.GROUPED : DeltaNetConfig.Packing.SPLIT,
                linear);
    }

    private static void requireWidth(ObjectFields fields, String name, int heads, int dim) {
        if ((long) heads * dim > DenseFamily.MAX_WIDTH / 4) {
            throw fields.bad(name, heads + " heads of " + dim + " are wider than " + DenseFamily.MAX_WIDTH / 4);
        }
    }

    /** {@code layer_types} decides where it is given; otherwise every {@code full_attention_interval}-th layer is attention. */
    private static List<Boolean> linearLayers(ObjectFields fields, int layers) {
        List<Boolean> linear = new ArrayList<>(layers);
        JsonNode types = fields.get("layer_types").orElse(null);
        if (types == null) {
            int interval = fields.integerOr("full_attention_interval", 4, 1, Integer.MAX_VALUE);
            for (int i = 0; i < layers; i++) {
                linear.add((i + 1) % interval != 0);
            }
            return linear;
        }
        if (!types.isArray() || types.size() != layers) {
            throw fields.unsupported(
                    "layer_types",
                    "expected a list of " + layers + " (num_hidden_layers), found "
                            + (types.isArray() ? types.size() + " entries" : ObjectFields.show(types)));
        }
        for (JsonNode type : types) {
            linear.add(
                    switch (type.isString() ? type.stringValue() : "") {
                        case "linear_attention" -> true;
                        case "full_attention" -> false;
                        default ->
                            throw fields.unsupported(
                                    "layer_types",
                                    ObjectFields.show(type)
                                            + " is not supported; expected linear_attention or full_attention");
                    });
        }
        return linear;
    }
}
