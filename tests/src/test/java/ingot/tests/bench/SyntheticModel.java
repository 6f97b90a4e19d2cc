package ingot.tests.bench;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A published shape.
 *
 * @param intermediate channels inside the feed-forward part, of one expert where there are several
 * @param experts in every layer, 0 in a dense model; eight of them see a token
 */
public record SyntheticModel(
        Family family, int hidden, int layers, int intermediate, int heads, int kvHeads, int experts) {
    private static final int VOCABULARY = 151_936;

    /** Names and settings that differ between generations. */
    public enum Family {
        /** The original Qwen: one matrix for queries, keys and values, 128 channels a head, no tied embedding. */
        QWEN1,
        QWEN2,
        QWEN3,
        QWEN3_MOE
    }

    /** Published names. */
    public enum Name {
        QWEN2_5_0_5B(new SyntheticModel(Family.QWEN2, 896, 24, 4864, 14, 2, 0)),
        QWEN2_5_1_5B(new SyntheticModel(Family.QWEN2, 1536, 28, 8960, 12, 2, 0)),
        QWEN3_1_7B(new SyntheticModel(Family.QWEN3, 2048, 28, 6144, 16, 8, 0)),
        QWEN3_4B(new SyntheticModel(Family.QWEN3, 2560, 36, 9728, 32, 8, 0)),
        QWEN_7B(new SyntheticModel(Family.QWEN1, 4096, 32, 11_008, 32, 32, 0)),
        QWEN3_30B_A3B(new SyntheticModel(Family.QWEN3_MOE, 2048, 48, 768, 32, 4, 128));

        private final SyntheticModel model;

        Name(SyntheticModel model) {
            this.model = model;
        }

        public SyntheticModel model() {
            return model;
        }
    }

    /** The same with fewer layers: a layer of the largest takes 1.2 GB. */
    SyntheticModel withLayers(int count) {
        return new SyntheticModel(family, hidden, count, intermediate, heads, kvHeads, experts);
    }

    private int headDim() {
        // The 0.5B alone has smaller heads.
        return hidden == 896 ? 64 : 128;
    }

    private boolean tied() {
        return experts == 0 && family != Family.QWEN1;
    }

    /** Every tensor with its shape, in an order that is not that of a forward pass. */
    Map<String, long[]> tensors() {
        Map<String, long[]> tensors = new LinkedHashMap<>();
        for (int i = 0; i < layers; i++) {
            if (family == Family.QWEN1) {
                original(tensors, "transformer.h." + i + ".");
            } else {
                layer(tensors, "model.layers." + i + ".");
            }
        }
        boolean original = family == Family.QWEN1;
        tensors.put(original ? "transformer.ln_f.weight" : "model.norm.weight", new long[] {hidden});
        tensors.put(original ? "transformer.wte.weight" : "model.embed_tokens.weight", new long[] {VOCABULARY, hidden});
        if (!tied()) {
            tensors.put("lm_head.weight", new long[] {VOCABULARY, hidden});
        }
        return tensors;
    }

    private void original(Map<String, long[]> tensors, String layer) {
        tensors.put(layer + "mlp.c_proj.weight", new long[] {hidden, intermediate});
        tensors.put(layer + "mlp.w1.weight", new long[] {intermediate, hidden});
        tensors.put(layer + "mlp.w2.weight", new long[] {intermediate, hidden});
        tensors.put(layer + "ln_1.weight", new long[] {hidden});
        tensors.put(layer + "ln_2.weight", new long[] {hidden});
        tensors.put(layer + "attn.c_attn.weight", new long[] {3L * hidden, hidden});
        tensors.put(layer + "attn.c_attn.bias", new long[] {3L * hidden});
        tensors.put(layer + "attn.c_proj.weight", new long[] {hidden, hidden});
    }

    private void layer(Map<String, long[]> tensors, String layer) {
        if (experts > 0) {
            tensors.put(layer + "mlp.gate.weight", new long[] {experts, hidden});
        }
        for (int e = 0; e < Math.max(1, experts); e++) {
            String mlp = layer + "mlp." + (experts > 0 ? "experts." + e + "." : "");
            tensors.put(mlp + "down_proj.weight", new long[] {hidden, intermediate});
            tensors.put(mlp + "gate_proj.weight", new long[] {intermediate, hidden});
            tensors.put(mlp + "up_proj.weight", new long[] {intermediate, hidden});
        }
        tensors.put(layer + "input_layernorm.weight", new long[] {hidden});
        tensors.put(layer + "post_attention_layernorm.weight", new long[] {hidden});
        for (String q : new String[] {"q", "k", "v"}) {
            long rows = (long) (q.equals("q") ? heads : kvHeads) * headDim();
            tensors.put(layer + "self_attn." + q + "_proj.weight", new long[] {rows, hidden});
            if (family == Family.QWEN2) {
                tensors.put(layer + "self_attn." + q + "_proj.bias", new long[] {rows});
            }
        }
        tensors.put(layer + "self_attn.o_proj.weight", new long[] {hidden, (long) heads * headDim()});
        if (family != Family.QWEN2) {
            tensors.put(layer + "self_attn.q_norm.weight", new long[] {headDim()});
            tensors.put(layer + "self_attn.k_norm.weight", new long[] {headDim()});
        }
    }

    /** {@code config.json}. */
    String config() {
        String own = switch (family) {
            case QWEN1 -> """
                "architectures": ["QWenLMHeadModel"], "model_type": "qwen", "kv_channels": 128, "seq_length": 8192,
                 "layer_norm_epsilon": 1e-06, "rotary_emb_base": 10000, "rotary_pct": 1.0, "no_bias": true,
                 "use_dynamic_ntk": true, "use_logn_attn": true, "scale_attn_weights": true, "bf16": true""";
            case QWEN2 -> """
                "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2\"""";
            case QWEN3 -> """
                "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3\"""";
            case QWEN3_MOE -> """
                "architectures": ["Qwen3MoeForCausalLM"], "model_type": "qwen3_moe", "num_experts": %d,
                 "num_experts_per_tok": 8, "moe_intermediate_size": %d, "norm_topk_prob": true, "decoder_sparse_step": 1,
                 "mlp_only_layers": []""".formatted(experts, intermediate);
        };
        return """
                {%s, "hidden_size": %d, "num_hidden_layers": %d, "intermediate_size": %d, "num_attention_heads": %d,
                 "num_key_value_heads": %d, "head_dim": %d, "vocab_size": %d, "tie_word_embeddings": %s,
                 "hidden_act": "silu", "rms_norm_eps": 1e-06, "rope_theta": 1000000.0, "max_position_embeddings": 32768,
                 "torch_dtype": "bfloat16"}
                """.formatted(
                        own,
                        hidden,
                        layers,
                        // The original counts both halves of the gated part.
                        family == Family.QWEN1 ? 2 * intermediate : intermediate,
                        heads,
                        kvHeads,
                        headDim(),
                        VOCABULARY,
                        tied());
    }
}
