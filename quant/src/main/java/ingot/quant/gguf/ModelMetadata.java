package ingot.quant.gguf;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.gguf.Architecture;
import ingot.formats.gguf.MetadataWriter;
import ingot.formats.gguf.TokenizerMetadata;
import ingot.formats.hf.AttentionConfig;
import ingot.formats.hf.GenerationDefaults;
import ingot.formats.hf.ModelConfig;
import ingot.formats.hf.MoeConfig;
import ingot.formats.hf.RopeConfig;
import ingot.formats.tokenizer.TokenList;
import ingot.formats.tokenizer.TokenizerConfig;
import ingot.formats.tokenizer.TokenizerData;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The metadata of a model by the conventions of llama.cpp (gguf-py, constants.py; what convert_hf_to_gguf.py writes): the
 * inverse of what {@link ingot.formats.gguf.GgufModel} reads. llama.cpp computes each architecture in one way; a setting for which it has no
 * key is refused instead of silently computed otherwise.
 */
public final class ModelMetadata {
    /** ggml's GGML_QNT_VERSION: the block types as they are since 2023. */
    private static final int QUANTIZATION_VERSION = 2;

    private final Architecture architecture;
    private final ModelConfig config;
    private final MetadataWriter out = new MetadataWriter();

    private ModelMetadata(Architecture architecture, ModelConfig config) {
        this.architecture = architecture;
        this.config = config;
    }

    /**
     * What a file says of itself.
     *
     * @param name for people
     * @param fileType number of the type that most weights have, in {@code enum llama_ftype} (llama.h)
     * @param defaults tokens and sampling that the model recommends
     */
    public record About(String name, int fileType, GenerationDefaults defaults) {}

    /**
     * The metadata of a model.
     *
     * @throws IngotException.ConfigMismatch when llama.cpp cannot compute this model
     */
    public static MetadataWriter of(ModelConfig config, Optional<TokenizerData> tokenizer, About about) {
        ModelMetadata metadata = new ModelMetadata(architecture(config), config);
        metadata.general(about);
        metadata.sizes();
        metadata.attention();
        metadata.rope();
        config.moe().ifPresent(metadata::experts);
        tokenizer.ifPresentOrElse(t -> metadata.tokenizer(t, about.defaults()), metadata::noTokenizer);
        return metadata.out;
    }

    /**
     * Checks that llama.cpp knows the architecture.
     *
     * @throws IngotException.ConfigMismatch when it has none of this kind, or Ingot does not write it
     */
    public static void requireKnown(ModelConfig config) {
        architecture(config);
    }

    private static Architecture architecture(ModelConfig config) {
        return Stream.of(Architecture.values())
                .filter(a -> a.modelType().equals(config.modelType()))
                .findFirst()
                .orElseThrow(() -> cannot("model_type " + Text.quote(config.modelType())
                        + " is not exported to GGUF; it has "
                        + Stream.of(Architecture.values())
                                .map(Architecture::modelType)
                                .collect(Collectors.joining(", "))));
    }

    private static IngotException cannot(String why) {
        return new IngotException.ConfigMismatch(why);
    }

    private String key(String name) {
        return architecture.label() + "." + name;
    }

    private void general(About about) {
        out.text("general.architecture", architecture.label())
                .text("general.type", "model")
                .text("general.name", about.name())
                .u32("general.file_type", about.fileType())
                .u32("general.quantization_version", QUANTIZATION_VERSION);
        GenerationDefaults defaults = about.defaults();
        if (defaults.doSample()) {
            out.i32("general.sampling.top_k", defaults.topK())
                    .f32("general.sampling.top_p", defaults.topP())
                    .f32("general.sampling.temp", defaults.temperature());
            if (defaults.repetitionPenalty() != 1) {
                out.f32("general.sampling.penalty_repeat", defaults.repetitionPenalty());
            }
        }
    }

    private void sizes() {
        out.u32(key("block_count"), config.layers())
                .u32(key("context_length"), config.maxPositions())
                .u32(key("embedding_length"), config.hidden())
                .u32(key("feed_forward_length"), config.size().intermediate());
    }

    private void attention() {
        AttentionConfig attention = config.attention();
        if (attention.outputBias()) {
            throw cannot(
                    "o_proj has a bias, for which llama.cpp has no tensor in architecture " + architecture.label());
        }
        if (attention.windows().stream().anyMatch(w -> w > 0 && w < config.maxPositions())) {
            throw cannot("layers with a sliding window cannot be told to llama.cpp in architecture "
                    + architecture.label() + "; set use_sliding_window to false for texts within the window");
        }
        out.u32(key("attention.head_count"), attention.heads())
                .u32(key("attention.head_count_kv"), attention.kvHeads())
                .u32(key("attention.key_length"), attention.headDim())
                .u32(key("attention.value_length"), attention.headDim())
                .f32(key("attention.layer_norm_rms_epsilon"), config.normEps());
    }

    private void rope() {
        out.f32(key("rope.freq_base"), config.rope().theta());
        String type = key("rope.scaling.type");
        switch (config.rope().scaling()) {
            case RopeConfig.None none -> {}
            case RopeConfig.DualChunk chunk -> {} // Within one chunk it is any other model, and llama.cpp has no more.
            case RopeConfig.Linear linear -> out.text(type, "linear").f32(key("rope.scaling.factor"), linear.factor());
            case RopeConfig.Yarn yarn -> {
                double usual = yarn.factor() <= 1 ? 1 : 0.1 * Math.log(yarn.factor()) + 1;
                if (Math.abs(yarn.attentionFactor() - usual) > 1e-6 * usual || !yarn.truncate()) {
                    throw cannot("YaRN with attention_factor " + yarn.attentionFactor() + " and truncate "
                            + yarn.truncate() + "; llama.cpp computes with " + usual + " and true");
                }
                out.text(type, "yarn")
                        .f32(key("rope.scaling.factor"), yarn.factor())
                        .u32(key("rope.scaling.original_context_length"), yarn.originalMaxPositions())
                        .f32(key("rope.scaling.yarn_beta_fast"), yarn.betaFast())
                        .f32(key("rope.scaling.yarn_beta_slow"), yarn.betaSlow());
            }
            case RopeConfig.DynamicNtk ntk -> throw cannot("llama.cpp has no dynamic NTK scaling");
            case RopeConfig.Qwen1Ntk ntk -> throw cannot("llama.cpp has no dynamic NTK scaling");
        }
    }

    private void experts(MoeConfig moe) {
        boolean everywhere = moe.layers().stream().allMatch(has -> has);
        boolean normalizes = architecture == Architecture.QWEN3MOE;
        if (!everywhere || moe.normalize() != normalizes) {
            throw cannot("llama.cpp computes architecture " + architecture.label() + " with experts in every layer and "
                    + (normalizes ? "" : "no ") + "normalized weights (norm_topk_prob); this model differs");
        }
        if (architecture == Architecture.QWEN2MOE && config.tiedEmbeddings()) {
            throw cannot("llama.cpp wants an output head of its own in architecture qwen2moe; this model's is tied");
        }
        out.u32(key("expert_count"), moe.experts())
                .u32(key("expert_used_count"), moe.perToken())
                .u32(key("expert_feed_forward_length"), moe.expertInner());
        if (moe.sharedInner() > 0) {
            out.u32(key("expert_shared_feed_forward_length"), moe.sharedInner());
        }
    }

    private void noTokenizer() {
        out.u32(key("vocab_size"), config.vocabSize()).text("tokenizer.ggml.model", "none");
    }

    private void tokenizer(TokenizerData tokenizer, GenerationDefaults defaults) {
        TokenList list = TokenList.of(tokenizer, config.vocabSize());
        TokenizerMetadata.put(list, tokenizer.preTokenization(), out);
        TokenizerConfig roles = tokenizer.config();
        // llama.cpp takes a token for the end of a text even where only generation_config.json lists it.
        id("eos", roles.eosToken(), list, smallest(defaults.eosIds().stream()));
        id("bos", roles.bosToken(), list, defaults.bosId());
        id("padding", roles.padToken(), list, OptionalInt.empty());
        out.flag("tokenizer.ggml.add_bos_token", roles.bosToken() != null);
        roles.chatTemplates().forEach((name, template) -> {
            String suffix = name.equals(TokenizerConfig.DEFAULT_TEMPLATE) ? "" : "." + name;
            out.text("tokenizer.chat_template" + suffix, template);
        });
        List<String> named = roles.chatTemplates().keySet().stream()
                .filter(name -> !name.equals(TokenizerConfig.DEFAULT_TEMPLATE))
                .toList();
        if (!named.isEmpty()) {
            out.texts("tokenizer.chat_templates", named);
        }
    }

    private void id(String role, @Nullable String token, TokenList list, OptionalInt otherwise) {
        int id = token == null ? -1 : list.tokens().lastIndexOf(token);
        int found = id >= 0 ? id : otherwise.orElse(-1);
        if (found >= 0 && found < config.vocabSize()) {
            out.u32("tokenizer.ggml." + role + "_token_id", found);
        }
    }

    private static OptionalInt smallest(Stream<Integer> ids) {
        return ids.mapToInt(i -> i).min();
    }
}
