package ingot.formats.gguf;

import ingot.formats.TensorInfo;
import ingot.formats.Text;
import ingot.formats.json.Json;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.IntStream;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The config.json that a file's metadata amounts to. What llama.cpp does not store is known from the architecture or seen
 * from the tensors: biases, tied embeddings, the size of the vocabulary. A key of the architecture that is not understood
 * would change the arithmetic, so it is refused.
 */
final class ConfigBuilder {
    private static final int MAX_WIDTH = 1 << 24;
    private static final String EMBEDDING = "model.embed_tokens.weight";
    private static final String HEAD = "lm_head.weight";

    /** Keys that are read, and three that change nothing here: the layout of q and k, pooling of embedding models. */
    private static final Set<String> KNOWN = Set.of(
            "block_count",
            "context_length",
            "embedding_length",
            "feed_forward_length",
            "vocab_size",
            "attention.head_count",
            "attention.head_count_kv",
            "attention.key_length",
            "attention.value_length",
            "attention.layer_norm_rms_epsilon",
            "rope.dimension_count",
            "rope.freq_base",
            "rope.scale_linear",
            "rope.scaling.type",
            "rope.scaling.factor",
            "rope.scaling.original_context_length",
            "rope.scaling.finetuned",
            "rope.scaling.attn_factor",
            "rope.scaling.yarn_ext_factor",
            "rope.scaling.yarn_attn_factor",
            "rope.scaling.yarn_beta_fast",
            "rope.scaling.yarn_beta_slow",
            "expert_count",
            "expert_used_count",
            "expert_feed_forward_length",
            "expert_shared_feed_forward_length",
            "expert_weights_norm",
            "tensor_data_layout",
            "pooling_type");

    private final Architecture architecture;
    private final Metadata metadata;
    private final Map<String, TensorInfo> tensors;
    private final ObjectNode config = Json.object();

    private ConfigBuilder(Architecture architecture, Metadata metadata, Map<String, TensorInfo> tensors) {
        this.architecture = architecture;
        this.metadata = metadata;
        this.tensors = tensors;
    }

    /** @param tensors under their published names */
    static ObjectNode build(Metadata metadata, Map<String, TensorInfo> tensors) {
        ConfigBuilder builder = new ConfigBuilder(Architecture.of(metadata), metadata, tensors);
        builder.requireKnown();
        builder.names();
        builder.sizes();
        builder.attention();
        builder.rope();
        if (builder.architecture.experts()) {
            builder.experts();
        }
        return builder.config;
    }

    private void requireKnown() {
        String prefix = architecture.label() + ".";
        for (String key : metadata.keys()) {
            if (key.startsWith(prefix) && !KNOWN.contains(key.substring(prefix.length()))) {
                throw metadata.mismatch(key, "not understood; results might differ from the reference");
            }
        }
    }

    private void names() {
        config.putArray("architectures").add(architecture.className());
        config.put("model_type", architecture.modelType());
        metadata.optionalText("general.name").ifPresent(name -> config.put("_name_or_path", name));
        id("bos_token_id", "tokenizer.ggml.bos_token_id");
        id("eos_token_id", "tokenizer.ggml.eos_token_id");
        id("pad_token_id", "tokenizer.ggml.padding_token_id");
    }

    private void id(String name, String key) {
        metadata.optionalInt(key, 0, MAX_WIDTH).ifPresent(id -> config.put(name, id));
    }

    private void sizes() {
        config.put("hidden_act", "silu");
        config.put("num_hidden_layers", required("block_count", 1, 1000));
        config.put("hidden_size", required("embedding_length", 1, MAX_WIDTH));
        config.put("max_position_embeddings", required("context_length", 1, 1 << 30));
        // Nothing uses it where every layer has experts; then it may be missing or 0.
        int least = architecture.experts() ? 0 : 1;
        int inner = architecture.experts() && !metadata.has(key("feed_forward_length"))
                ? 0
                : required("feed_forward_length", least, MAX_WIDTH);
        if (inner > 0) {
            config.put("intermediate_size", inner);
        }
        TensorInfo embedding = tensors.get(EMBEDDING);
        if (embedding == null || embedding.shape().rank() != 2) {
            throw metadata.bad("general.architecture", "there is no matrix 'token_embd.weight'");
        }
        int vocabulary = (int) Math.min(Integer.MAX_VALUE, embedding.shape().dim(0));
        config.put("vocab_size", vocabulary);
        metadata.optionalInt(key("vocab_size"), 1, MAX_WIDTH).ifPresent(n -> {
            if (n != vocabulary) {
                throw metadata.mismatch(key("vocab_size"), n + ", but token_embd.weight has " + vocabulary + " rows");
            }
        });
        config.put("tie_word_embeddings", !tensors.containsKey(HEAD));
    }

    private void attention() {
        int heads = required("attention.head_count", 1, 1 << 16);
        int hidden = config.get("hidden_size").intValue();
        config.put("num_attention_heads", heads);
        config.put(
                "num_key_value_heads",
                metadata.optionalInt(key("attention.head_count_kv"), 1, 1 << 16).orElse(heads));
        var keyLength = metadata.optionalInt(key("attention.key_length"), 1, 1 << 16);
        if (keyLength.isEmpty() && hidden % heads != 0) {
            throw metadata.mismatch(
                    key("attention.head_count"), heads + " does not divide the width " + hidden + "; no key_length");
        }
        int headDim = keyLength.orElse(hidden / heads);
        config.put("head_dim", headDim);
        requireEqual("attention.value_length", headDim);
        requireEqual("rope.dimension_count", headDim);
        config.put(
                "rms_norm_eps", plain(number("attention.layer_norm_rms_epsilon").orElse(1e-6)));
        if (architecture != Architecture.QWEN2 && architecture != Architecture.QWEN2MOE) {
            config.put("attention_bias", tensors.containsKey("model.layers.0.self_attn.q_proj.bias"));
        }
        config.put("use_sliding_window", false);
    }

    private void requireEqual(String name, int expected) {
        metadata.optionalInt(key(name), 1, 1 << 16).ifPresent(n -> {
            if (n != expected) {
                throw metadata.mismatch(key(name), n + ", but heads are " + expected + " wide");
            }
        });
    }

    private void rope() {
        config.put("rope_theta", plain(number("rope.freq_base").orElse(10_000)));
        requireNeutral("rope.scaling.attn_factor", 1);
        requireNeutral("rope.scaling.yarn_attn_factor", 1);
        requireNeutral("rope.scaling.yarn_ext_factor", 1);
        // As llama-model.cpp (load_hparams): no type is linear, the older key counts where the newer is missing, and a
        // factor of 0 is none. llama-context.cpp never scales where the type is none.
        String type = metadata.optionalText(key("rope.scaling.type")).orElse("linear");
        OptionalDouble newer = number("rope.scaling.factor");
        double factor = newer.isPresent()
                ? newer.getAsDouble()
                : number("rope.scale_linear").orElse(0);
        switch (type) {
            case "none" -> {}
            case "linear" -> scaling("linear", factor);
            case "yarn" ->
                scaling("yarn", factor).ifPresent(rope -> {
                    metadata.optionalInt(key("rope.scaling.original_context_length"), 1, 1 << 30)
                            .ifPresent(n -> rope.put("original_max_position_embeddings", n));
                    number("rope.scaling.yarn_beta_fast").ifPresent(x -> rope.put("beta_fast", plain(x)));
                    number("rope.scaling.yarn_beta_slow").ifPresent(x -> rope.put("beta_slow", plain(x)));
                });
            default ->
                throw metadata.mismatch(
                        key("rope.scaling.type"),
                        Text.quote(type) + " is not supported; expected none, linear or yarn");
        }
    }

    /** @param factor 0 and 1 scale nothing, by YaRN neither: its two ends and its magnitude are those of plain rotation */
    private Optional<ObjectNode> scaling(String type, double factor) {
        if (factor == 0 || factor == 1) {
            return Optional.empty();
        }
        ObjectNode rope = config.putObject("rope_scaling");
        rope.put("rope_type", type);
        rope.put("factor", plain(factor));
        return Optional.of(rope);
    }

    private void requireNeutral(String name, double neutral) {
        number(name).ifPresent(x -> {
            if (x != neutral) {
                throw metadata.mismatch(key(name), x + " is not supported; expected " + neutral + " or nothing");
            }
        });
    }

    private void experts() {
        config.put("num_experts", required("expert_count", 1, 1 << 16));
        config.put("num_experts_per_tok", required("expert_used_count", 1, 1 << 16));
        config.put("decoder_sparse_step", 1);
        List<Integer> dense = IntStream.range(0, config.get("num_hidden_layers").intValue())
                .filter(this::isDense)
                .boxed()
                .toList();
        ArrayNode only = config.putArray("mlp_only_layers");
        dense.forEach(only::add);
        // llama.cpp fixes it by architecture (build_moe_ffn); the key exists, but no converter writes it for these.
        boolean normalized = architecture == Architecture.QWEN3MOE;
        metadata.optionalFlag(key("expert_weights_norm")).ifPresent(flag -> {
            if (flag != normalized) {
                throw metadata.mismatch(key("expert_weights_norm"), flag + "; llama.cpp computes with " + normalized);
            }
        });
        config.put("norm_topk_prob", normalized);
        int sparse = IntStream.rangeClosed(0, dense.size())
                .filter(i -> !dense.contains(i))
                .findFirst()
                .orElseThrow();
        int width = expertWidth(sparse, "expert_feed_forward_length", "experts.0.gate_proj");
        config.put("moe_intermediate_size", width);
        if (!config.has("intermediate_size") && dense.isEmpty()) {
            config.put("intermediate_size", width);
        }
        if (architecture == Architecture.QWEN2MOE) {
            config.put(
                    "shared_expert_intermediate_size",
                    expertWidth(sparse, "expert_shared_feed_forward_length", "shared_expert.gate_proj"));
        }
    }

    /**
     * Whether a layer has one MLP and no router. There is no key for mlp_only_layers and decoder_sparse_step: llama.cpp's
     * converter writes such a layer as it is, though llama.cpp itself runs only models with experts in every layer.
     */
    private boolean isDense(int layer) {
        String mlp = "model.layers." + layer + ".mlp.";
        return tensors.containsKey(mlp + "gate_proj.weight") && !tensors.containsKey(mlp + "gate.weight");
    }

    /** Older files lack the key, and 0 is written for a size the converter did not know; the tensors have it. */
    private int expertWidth(int layer, String name, String module) {
        int said = metadata.optionalInt(key(name), 0, MAX_WIDTH).orElse(0);
        if (said > 0) {
            return said;
        }
        TensorInfo gate = tensors.get("model.layers." + layer + ".mlp." + module + ".weight");
        if (gate == null || gate.shape().rank() != 2 || gate.shape().dim(0) > MAX_WIDTH) {
            throw metadata.mismatch(
                    key(name), "missing or 0, and there is no matrix of layer " + layer + " to tell it");
        }
        return (int) gate.shape().dim(0);
    }

    private String key(String name) {
        return architecture.label() + "." + name;
    }

    private int required(String name, int min, int max) {
        return metadata.requireInt(key(name), min, max);
    }

    private OptionalDouble number(String name) {
        return metadata.optionalNumber(key(name));
    }

    private static BigDecimal plain(double value) {
        return BigDecimal.valueOf(value);
    }
}
