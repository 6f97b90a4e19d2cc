package ingot.formats.hf;

import ingot.formats.Text;
import ingot.formats.json.ObjectFields;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import tools.jackson.databind.JsonNode;

/**
 * The first Qwen (QWEN, QWEN-CHAT and the language model of QWEN-VL), whose files come in two styles: {@code n_embd},
 * {@code n_head}, {@code n_layer}, {@code ffn_hidden_size}, {@code padded_vocab_size} of the first release, and
 * {@code hidden_size} … of the later ones. Either name is taken; where both are given they must agree. The width of the
 * feed-forward layer is half of what the file says, in both.
 */
enum Qwen1Family implements ConfigFamily {
    QWEN;

    private static final int MAX_WIDTH = DenseFamily.MAX_WIDTH;

    /** Settings with the one value that leaves the arithmetic as implemented here. */
    private static final Map<String, String> NEUTRAL = Map.ofEntries(
            Map.entry("is_causal", "true"),
            Map.entry("causal", "true"),
            Map.entry("activation", "swiglu"),
            Map.entry("hidden_act", "silu"),
            Map.entry("position_embedding_type", "rope"),
            Map.entry("pos_emb", "rotary"),
            Map.entry("apply_residual_connection_post_layernorm", "false"),
            Map.entry("no_bias", "true"),
            Map.entry("scale_attn_weights", "true"),
            Map.entry("scale_attn_by_inverse_layer_idx", "false"),
            Map.entry("use_cache_quantization", "false"),
            Map.entry("shift_attention", "false"),
            Map.entry("add_cross_attention", "false"),
            Map.entry("is_encoder_decoder", "false"),
            Map.entry("multi_query", "false"),
            Map.entry("num_experts", "0"));

    /** Settings that must not be there at all. */
    private static final List<String> UNSUPPORTED =
            List.of("quantization_config", "rope_scaling", "rope_parameters", "n_inner", "sliding_window");

    @Override
    public String modelType() {
        return "qwen";
    }

    @Override
    public String architecture() {
        return "QWenLMHeadModel";
    }

    @Override
    public ModelConfig read(ObjectFields fields) {
        refuseUnknownArithmetic(fields);
        boolean first = fields.has("n_embd");
        int hidden = either(fields, "hidden_size", "n_embd", MAX_WIDTH);
        int inner = either(fields, "intermediate_size", "ffn_hidden_size", MAX_WIDTH) / 2;
        if (inner == 0) {
            throw fields.unsupported(
                    fields.has("intermediate_size") ? "intermediate_size" : "ffn_hidden_size",
                    "1; the feed-forward layer is half as wide, so at least 2");
        }
        var size = new ModelConfig.Size(
                either(fields, "num_hidden_layers", "n_layer", 1000),
                hidden,
                inner,
                fields.has("padded_vocab_size")
                        ? fields.requireInteger("padded_vocab_size", 1, MAX_WIDTH)
                        : fields.requireInteger("vocab_size", 1, MAX_WIDTH),
                fields.has("n_positions") || fields.has("max_position_embeddings")
                        ? either(fields, "max_position_embeddings", "n_positions", 1 << 30)
                        : 8192);
        int trained = fields.requireInteger("seq_length", 2, 1 << 30);
        AttentionConfig attention = attention(fields, size, trained, fields.flag("use_logn_attn", !first));
        return new ModelConfig(
                new ModelConfig.Family(modelType(), architecture(), ModelConfig.Naming.QWEN1),
                size,
                attention,
                rope(fields, attention.headDim(), trained, fields.flag("use_dynamic_ntk", !first)),
                Optional.empty(),
                fields.numberOr("layer_norm_epsilon", first ? 1e-5 : 1e-6, 1e-30, 1),
                fields.flag("tie_word_embeddings", false));
    }

    private static AttentionConfig attention(ObjectFields fields, ModelConfig.Size size, int trained, boolean logn) {
        int heads = either(fields, "num_attention_heads", "n_head", 1 << 16);
        if (size.hidden() % heads != 0) {
            throw fields.unsupported(
                    fields.has("n_head") ? "n_head" : "num_attention_heads",
                    heads + " does not divide the hidden size " + size.hidden());
        }
        int headDim = size.hidden() / heads;
        int channels = fields.integerOr("kv_channels", 128, 1, MAX_WIDTH);
        // The reference splits c_attn by the hidden size and would fail on anything else.
        if (channels != headDim) {
            throw fields.unsupported(
                    "kv_channels", channels + " is not the hidden size ÷ heads, " + size.hidden() + " ÷ " + heads);
        }
        int keyHeads = fields.integerOr("num_key_value_heads", heads, 1, 1 << 16);
        if (keyHeads != heads) {
            throw fields.unsupported(
                    "num_key_value_heads", keyHeads + "; this family has one per query head, " + heads);
        }
        return new AttentionConfig(
                heads,
                heads,
                headDim,
                new Projections(true, false, false),
                Collections.nCopies(size.layers(), 0),
                logn ? OptionalInt.of(trained) : OptionalInt.empty());
    }

    private static RopeConfig rope(ObjectFields fields, int headDim, int trained, boolean dynamic) {
        int dims = (int) (headDim * fields.numberOr("rotary_pct", 1, 0, 1));
        if (dims < 2 || dims % 2 != 0 || (dynamic && dims == 2)) {
            throw fields.unsupported(
                    "rotary_pct",
                    "rotates " + dims + " of " + headDim + " numbers per head; expected an even number, "
                            + (dynamic ? "at least 4 with use_dynamic_ntk" : "at least 2"));
        }
        double theta = fields.numberOr("rotary_emb_base", 10_000, 1.000001, 1e15);
        return new RopeConfig(theta, dims, dynamic ? new RopeConfig.Qwen1Ntk(trained) : new RopeConfig.None());
    }

    private static int either(ObjectFields fields, String later, String first, int max) {
        OptionalInt a = fields.integer(later, 1, max);
        OptionalInt b = fields.integer(first, 1, max);
        if (a.isPresent() && b.isPresent() && a.getAsInt() != b.getAsInt()) {
            throw fields.unsupported(first, b.getAsInt() + " contradicts " + Text.quote(later) + " " + a.getAsInt());
        }
        return a.isPresent() ? a.getAsInt() : b.isPresent() ? b.getAsInt() : fields.requireInteger(later, 1, max);
    }

    private static void refuseUnknownArithmetic(ObjectFields fields) {
        for (String name : UNSUPPORTED) {
            JsonNode value = fields.get(name).orElse(null);
            if (value != null) {
                throw fields.unsupported(name, ObjectFields.show(value) + " is not supported for this model type");
            }
        }
        UnknownFields.refuse(fields, NEUTRAL);
    }
}
