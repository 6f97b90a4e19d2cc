package ingot.formats.hf;

import ingot.formats.json.Json;
import ingot.formats.json.ObjectFields;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * Refuses fields of config.json that nobody here reads and whose name speaks of the arithmetic: attention, norms, gates, scales
 * and the like. A field that is off ({@code null}, {@code false}, 0, empty) changes nothing. Notes of tools, settings of
 * training and of other modules (names below) are let pass, as every published file has some. Fields that a family knows,
 * but of which it has one value only, are refused with any other.
 */
final class UnknownFields {
    /** Parts of names, between underscores, that speak of what a decoder computes. */
    private static final Pattern ARITHMETIC =
            Pattern.compile("(^|_)(act|activation|alibi|attn|attention|bias|biases|cap|"
                    + "causal|chunk|clamp|clip|conv|depth|expert|experts|gate|gating|head|heads|kv|latent|layer|layers|limit|"
                    + "linear|logit|logits|logn|lora|mixer|mla|moe|multiplier|mup|norm|norms|normalization|layernorm|rmsnorm|ntk|"
                    + "parallel|position|qk|qkv|residual|rope|rotary|router|routing|scale|"
                    + "scales|scaled|scaling|sink|sinks|sliding|softcap|softcapping|softmax|sparse|sparsity|ssm|swiglu|topk|window|yarn)"
                    + "(_|$)");

    /** Names that are no business of the decoder's forward pass: training, tools, other modules, precision of storage. */
    private static final Pattern HARMLESS = Pattern.compile(
            "^_|^output_(router|attentions|hidden|scores)|"
                    + "(^|_)(dropout|drop_prob|pdrop|loss|init|initializer|implementation|flash|fused|fusion|tokens?_ids?|tokenizer|"
                    + "gradient|checkpointing|dtype|vision|visual|audio|image|video|talker|mtp|nextn|cache|unsloth|id2label|label2id|"
                    + "num_labels|auto_map|quantizer|quantization|quantized|tensor_parallel|pretraining_tp|freeze|train|training)(_|$)");

    private static final Pattern NUMBER = Pattern.compile("[0-9]+(\\.[0-9]+)?");

    /** Fields the families read, beside those in their tables of neutral values. */
    private static final Set<String> READ = Stream.of(
                    "hidden_act attention_bias qkv_bias head_dim num_attention_heads num_key_value_heads num_hidden_layers"
                            + " layer_types max_window_layers use_sliding_window sliding_window rope_theta rope_scaling"
                            + " rope_parameters partial_rotary_factor mlp_only_layers num_experts num_experts_per_tok"
                            + " norm_topk_prob shared_expert_intermediate_size moe_intermediate_size decoder_sparse_step"
                            + " rms_norm_eps max_position_embeddings full_attention_interval attn_output_gate output_gate_type linear_num_key_heads"
                            + " linear_num_value_heads linear_key_head_dim linear_value_head_dim linear_conv_kernel_dim"
                            + " dual_chunk_attention_config rotary_emb_base use_qk_norm",
                    // The first Qwen.
                    "n_head n_layer kv_channels rotary_pct use_dynamic_ntk use_logn_attn layer_norm_epsilon softmax_in_fp32"
                            + " scale_attn_weights no_bias activation",
                    // Of transformers: memory only; names of classes.
                    "chunk_size_feed_forward num_local_experts text_config")
            .flatMap(names -> Stream.of(names.split(" ")))
            .collect(Collectors.toUnmodifiableSet());

    private UnknownFields() {}

    /** @param neutral fields whose one value given here leaves the arithmetic as it is implemented: no other is accepted */
    static void refuse(ObjectFields fields, Map<String, String> neutral) {
        neutral.forEach((name, expected) -> {
            JsonNode value = fields.get(name).orElse(null);
            if (value != null && !isNeutral(value, expected)) {
                throw fields.unsupported(
                        name, ObjectFields.show(value) + " is not supported; expected " + expected + " or nothing");
            }
        });
        for (Map.Entry<String, JsonNode> field : fields.node().properties()) {
            String name = field.getKey();
            String lower = name.toLowerCase(Locale.ROOT);
            if (!READ.contains(name)
                    && !neutral.containsKey(name)
                    && !isOff(field.getValue())
                    && ARITHMETIC.matcher(lower).find()
                    && !HARMLESS.matcher(lower).find()) {
                throw fields.unsupported(
                        name,
                        ObjectFields.show(field.getValue())
                                + " is not understood and may change the arithmetic; remove it if it does not");
            }
        }
    }

    /** As Python compares: 0 is false, 1 is true, and 1.0 is 1. */
    private static boolean isNeutral(JsonNode value, String expected) {
        if (!value.isNumber()) {
            return (value.isString() ? value.stringValue() : value.toString()).equals(expected);
        }
        return switch (expected) {
            case "false" -> Json.number(value) == 0;
            case "true" -> Json.number(value) == 1;
            default -> NUMBER.matcher(expected).matches() && Json.number(value) == Double.parseDouble(expected);
        };
    }

    private static boolean isOff(JsonNode value) {
        return value.isNull()
                || (value.isBoolean() && !value.booleanValue())
                || Json.number(value) == 0
                || (value.isString()
                        && (value.stringValue().isEmpty() || value.stringValue().equals("none")))
                || (value.isContainer() && value.isEmpty());
    }
}
