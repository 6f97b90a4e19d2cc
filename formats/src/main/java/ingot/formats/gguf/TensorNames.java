package ingot.formats.gguf;

import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * llama.cpp's tensor names (gguf-py, tensor_mapping.py) as the published checkpoints spell them. llama.cpp stores q and k of
 * these architectures in the order of the checkpoints: they rotate halves (NeoX), so nothing is permuted.
 */
final class TensorNames {
    private static final Map<String, String> OUTER = Map.of(
            "token_embd", "model.embed_tokens",
            "output_norm", "model.norm",
            "output", "lm_head");

    private static final Map<String, String> LAYER = Map.ofEntries(
            Map.entry("attn_norm", "input_layernorm"),
            Map.entry("attn_q", "self_attn.q_proj"),
            Map.entry("attn_k", "self_attn.k_proj"),
            Map.entry("attn_v", "self_attn.v_proj"),
            Map.entry("attn_output", "self_attn.o_proj"),
            Map.entry("attn_q_norm", "self_attn.q_norm"),
            Map.entry("attn_k_norm", "self_attn.k_norm"),
            Map.entry("ffn_norm", "post_attention_layernorm"),
            Map.entry("ffn_gate", "mlp.gate_proj"),
            Map.entry("ffn_up", "mlp.up_proj"),
            Map.entry("ffn_down", "mlp.down_proj"),
            Map.entry("ffn_gate_inp", "mlp.gate"),
            Map.entry("ffn_gate_inp_shexp", "mlp.shared_expert_gate"),
            Map.entry("ffn_gate_shexp", "mlp.shared_expert.gate_proj"),
            Map.entry("ffn_up_shexp", "mlp.shared_expert.up_proj"),
            Map.entry("ffn_down_shexp", "mlp.shared_expert.down_proj"));

    /** Tensors that hold all experts of a layer, [experts, outputs, inputs]. */
    private static final Map<String, String> EXPERTS = Map.of(
            "ffn_gate_exps", "gate_proj",
            "ffn_up_exps", "up_proj",
            "ffn_down_exps", "down_proj");

    private static final Pattern IN_LAYER = Pattern.compile("blk\\.(0|[1-9][0-9]{0,5})\\.([a-z_]+)\\.(weight|bias)");
    private static final Pattern OUTSIDE = Pattern.compile("([a-z_]+)\\.(weight|bias)");

    private TensorNames() {}

    /** Where a tensor belongs. */
    sealed interface Place {}

    /** One weight. */
    record Single(String name) implements Place {}

    /** A matrix per expert. */
    record Experts(String prefix, String suffix) implements Place {
        String name(long expert) {
            return prefix + expert + suffix;
        }
    }

    /**
     * What llama.cpp calls a published tensor.
     *
     * @param stored its name; experts of a layer share one
     * @param expert place among the experts, −1 for a tensor of its own
     */
    record Stored(String stored, int expert) {}

    private static final Map<String, String> OUTER_STORED = inverse(OUTER);
    private static final Map<String, String> LAYER_STORED = inverse(LAYER);
    private static final Map<String, String> EXPERTS_STORED = inverse(EXPERTS);
    private static final Pattern PUBLISHED_LAYER = Pattern.compile("model\\.layers\\.([0-9]+)\\.(.+)\\.(weight|bias)");
    private static final Pattern PUBLISHED_EXPERT = Pattern.compile("mlp\\.experts\\.([0-9]+)\\.([a-z_]+)");

    private static Map<String, String> inverse(Map<String, String> map) {
        return map.entrySet().stream().collect(Collectors.toUnmodifiableMap(Map.Entry::getValue, Map.Entry::getKey));
    }

    /** The name a published tensor is stored under; empty when these architectures have no such tensor. */
    static Optional<Stored> stored(String published) {
        Matcher inside = PUBLISHED_LAYER.matcher(published);
        if (!inside.matches()) {
            int dot = published.lastIndexOf('.');
            return Optional.ofNullable(dot < 0 ? null : OUTER_STORED.get(published.substring(0, dot)))
                    .map(name -> new Stored(name + published.substring(dot), -1));
        }
        String prefix = "blk." + inside.group(1) + ".";
        String suffix = "." + inside.group(3);
        Matcher expert = PUBLISHED_EXPERT.matcher(inside.group(2));
        if (expert.matches()) {
            return Optional.ofNullable(EXPERTS_STORED.get(expert.group(2)))
                    .map(name -> new Stored(prefix + name + suffix, Integer.parseInt(expert.group(1))));
        }
        return Optional.ofNullable(LAYER_STORED.get(inside.group(2)))
                .map(name -> new Stored(prefix + name + suffix, -1));
    }

    /** The place of a stored tensor; empty when these architectures have no such tensor. */
    static Optional<Place> place(String stored) {
        Matcher outside = OUTSIDE.matcher(stored);
        if (outside.matches()) {
            return Optional.ofNullable(OUTER.get(outside.group(1)))
                    .map(name -> new Single(name + "." + outside.group(2)));
        }
        Matcher inside = IN_LAYER.matcher(stored);
        if (!inside.matches()) {
            return Optional.empty();
        }
        String prefix = "model.layers." + inside.group(1) + ".";
        String suffix = "." + inside.group(3);
        String experts = EXPERTS.get(inside.group(2));
        if (experts != null) {
            return Optional.of(new Experts(prefix + "mlp.experts.", "." + experts + suffix));
        }
        return Optional.ofNullable(LAYER.get(inside.group(2))).map(name -> new Single(prefix + name + suffix));
    }
}
