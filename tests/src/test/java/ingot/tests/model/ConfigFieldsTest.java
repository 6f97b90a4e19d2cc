package ingot.tests.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.hf.ModelConfig;
import ingot.formats.hf.ModelConfigs;
import ingot.formats.hf.RopeConfig;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import ingot.runtime.Model;
import ingot.runtime.ModelOptions;
import ingot.runtime.Session;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

/** Fields of config.json: those of published files are understood, those that may change the arithmetic are never ignored. */
final class ConfigFieldsTest {
    private static final Path ORIGIN = Path.of("config.json");

    /** Qwen3-Coder-30B-A3B-Instruct. */
    private static final String QWEN3_CODER = """
            {"architectures": ["Qwen3MoeForCausalLM"], "attention_dropout": 0.0, "decoder_sparse_step": 1,
             "eos_token_id": 151645, "head_dim": 128, "hidden_act": "silu", "hidden_size": 2048,
             "initializer_range": 0.02, "intermediate_size": 5472, "max_position_embeddings": 262144,
             "max_window_layers": 28, "mlp_only_layers": [], "model_type": "qwen3_moe", "moe_intermediate_size": 768,
             "norm_topk_prob": true, "num_attention_heads": 32, "num_experts": 128, "num_experts_per_tok": 8,
             "num_hidden_layers": 48, "num_key_value_heads": 4, "output_router_logits": false, "qkv_bias": false,
             "rms_norm_eps": 1e-06, "rope_scaling": null, "rope_theta": 10000000, "router_aux_loss_coef": 0.0,
             "shared_expert_intermediate_size": 0, "sliding_window": null, "tie_word_embeddings": false,
             "torch_dtype": "bfloat16", "transformers_version": "4.52.3", "use_cache": true, "use_qk_norm": true,
             "use_sliding_window": false, "vocab_size": 151936}""";

    /** Qwen2.5-7B-Instruct-1M. */
    private static final String QWEN2_1M = """
            {"architectures": ["Qwen2ForCausalLM"], "attention_dropout": 0.0, "bos_token_id": 151643,
             "dual_chunk_attention_config": {"chunk_size": 262144, "local_size": 8192,
             "original_max_position_embeddings": 262144}, "eos_token_id": 151645, "hidden_act": "silu",
             "hidden_size": 3584, "initializer_range": 0.02, "intermediate_size": 18944,
             "max_position_embeddings": 1010000, "max_window_layers": 28, "model_type": "qwen2",
             "num_attention_heads": 28, "num_hidden_layers": 28, "num_key_value_heads": 4, "rms_norm_eps": 1e-05,
             "rope_theta": 10000000.0, "sliding_window": 1010000, "tie_word_embeddings": false,
             "torch_dtype": "bfloat16", "use_cache": true, "use_sliding_window": false, "vocab_size": 152064}""";

    /** Qwen-7B as of its second release, with the settings of the chat models for quantized caches. */
    private static final String QWEN_7B = """
            {"architectures": ["QWenLMHeadModel"], "attn_dropout_prob": 0.0,
             "auto_map": {"AutoConfig": "configuration_qwen.QWenConfig"}, "bf16": true, "emb_dropout_prob": 0.0,
             "fp16": false, "fp32": false, "hidden_size": 4096, "intermediate_size": 22016, "initializer_range": 0.02,
             "kv_channels": 128, "layer_norm_epsilon": 1e-06, "max_position_embeddings": 32768, "model_type": "qwen",
             "no_bias": true, "num_attention_heads": 32, "num_hidden_layers": 32, "onnx_safe": null,
             "rotary_emb_base": 10000, "rotary_pct": 1.0, "scale_attn_weights": true, "seq_length": 8192,
             "softmax_in_fp32": false, "tie_word_embeddings": false, "tokenizer_class": "QWenTokenizer",
             "use_cache": true, "use_cache_kernel": false, "use_cache_quantization": false, "use_dynamic_ntk": true,
             "use_flash_attn": "auto", "use_logn_attn": true, "vocab_size": 151936}""";

    /** The text model of a Qwen3.5 of the second half of its year. */
    private static final String QWEN3_5 = """
            {"architectures": ["Qwen3_5ForConditionalGeneration"], "image_token_id": 248056, "model_type": "qwen3_5",
             "language_model_only": false, "text_config": {"attention_bias": false, "attention_dropout": 0.0,
             "attn_output_gate": true, "dtype": "bfloat16", "eos_token_id": 248044, "full_attention_interval": 4,
             "head_dim": 256, "hidden_act": "silu", "hidden_size": 1024, "initializer_range": 0.02,
             "intermediate_size": 3584, "layer_types": ["linear_attention", "linear_attention", "linear_attention",
             "full_attention"], "linear_conv_kernel_dim": 4, "linear_key_head_dim": 128, "linear_num_key_heads": 16,
             "linear_num_value_heads": 16, "linear_value_head_dim": 128, "mamba_ssm_dtype": "float32",
             "max_position_embeddings": 262144, "mlp_only_layers": [], "model_type": "qwen3_5_text",
             "mtp_num_hidden_layers": 1, "mtp_use_dedicated_embeddings": false, "num_attention_heads": 8,
             "num_hidden_layers": 4, "num_key_value_heads": 2, "output_gate_type": "swish", "rms_norm_eps": 1e-06,
             "partial_rotary_factor": 0.25, "tie_word_embeddings": true, "use_cache": true, "vocab_size": 248320,
             "rope_parameters": {"mrope_interleaved": true, "mrope_section": [11, 11, 10], "rope_type": "default",
             "rope_theta": 10000000, "partial_rotary_factor": 0.25}}, "tie_word_embeddings": true,
             "video_token_id": 248057, "vision_config": {"depth": 12, "hidden_act": "gelu_pytorch_tanh"}}""";

    private static final String SMALL = """
            {"model_type": "TYPE", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
             "num_key_value_heads": 2, "head_dim": 16, "intermediate_size": 160, "vocab_size": 512, "seq_length": 32,
             "kv_channels": 16}""";

    private static ObjectNode object(String json) {
        return Json.parseObject(json.getBytes(StandardCharsets.UTF_8), ORIGIN, JsonBound.INPUT);
    }

    private static ModelConfig read(String type, String changes) {
        ObjectNode config = object(SMALL.replace("TYPE", type));
        object("{" + changes + "}").forEachEntry(config::set);
        if (type.equals("qwen")) {
            config.remove("num_key_value_heads");
        }
        return ModelConfigs.read(config, ORIGIN);
    }

    @Test
    void publishedFilesAreUnderstood() {
        ModelConfig coder = ModelConfigs.read(object(QWEN3_CODER), ORIGIN);
        assertEquals(0, coder.moe().orElseThrow().sharedInner());
        assertEquals(new RopeConfig(1e7, 128, new RopeConfig.None()), coder.rope());
        assertEquals(
                8192,
                ModelConfigs.read(object(QWEN_7B), ORIGIN)
                        .attention()
                        .lognLength()
                        .orElseThrow());
        ModelConfig hybrid = ModelConfigs.read(object(QWEN3_5), ORIGIN);
        assertEquals(64, hybrid.rope().dims());
        assertTrue(hybrid.tiedEmbeddings());
        RopeConfig chunked = ModelConfigs.read(object(QWEN2_1M), ORIGIN).rope();
        assertEquals(new RopeConfig(1e7, 128, new RopeConfig.DualChunk(262144 - 8192)), chunked);
        assertEquals(253_952, chunked.longest());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            qwen2        | "qk_layernorm": true
            qwen2        | "use_qk_norm": true
            qwen2        | "attention_multiplier": 0.5
            qwen2        | "residual_multiplier": 0.2
            qwen2        | "embedding_scale": 8.0
            qwen2        | "use_logn_attn": true
            qwen2        | "use_dynamic_ntk": true
            qwen2        | "alibi": true
            qwen2        | "parallel_attn": true
            qwen2        | "is_causal": false
            qwen3        | "causal": 0
            qwen         | "is_causal": false
            qwen2        | "position_embedding_type": "alibi"
            qwen3        | "position_embedding_type": 1
            qwen3_moe    | "swiglu_limit": 7.0
            qwen3        | "normalization_type": "layernorm"
            qwen3_moe    | "num_experts_per_token": 2
            qwen3        | "clip_qkv": 8
            qwen3        | "clamp_attention": 30.0
            qwen3        | "pos_limit": 4
            qwen3        | "moe_tokens_position": "start"
            qwen2        | "rope_theta": 1000000, "rotary_emb_base": 10000
            qwen2        | "pruned_heads": {"1": [0]}
            qwen2        | "attention_bias": false, "qkv_bias": true
            qwen3        | "query_pre_attn_scalar": 256, "attn_scale": 0.1
            qwen3        | "use_qk_norm": false
            qwen3        | "quantization": {"group_size": 64, "bits": 4}
            qwen3        | "qkv_bias": true
            qwen3        | "attention_sinks": 4
            qwen3        | "no_rope_layers": [1, 0]
            qwen3        | "mup_base_width": 256
            qwen3_moe    | "use_routing_bias": true
            qwen3_moe    | "expert_capacity": 2
            qwen3_moe    | "num_experts": 8, "num_local_experts": 16
            qwen3_moe    | "norm_before_gate": true
            qwen3_next   | "output_gate_type": "sigmoid"
            qwen3_next   | "attn_output_gate": false
            qwen3_next   | "linear_attn_norm": "layer"
            qwen3_5_text | "dual_chunk_attention_config": {"chunk_size": 8, "local_size": 2}
            qwen3_5_text | "use_conv_bias": true
            qwen3_5_text | "hidden_act": "gelu"
            qwen         | "use_qk_norm2": true, "qk_norm": true
            qwen         | "attn_bias": true
            qwen         | "shift_attention": true
            qwen         | "n_inner": 128
            """)
    void whatMayChangeTheArithmeticIsRefusedByName(String type, String changes) {
        var e = assertThrows(IngotException.ConfigMismatch.class, () -> read(type, changes));
        boolean named = object("{" + changes + "}").properties().stream()
                .anyMatch(p -> e.getMessage().contains(p.getKey()));
        assertTrue(named, e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"qwen", "qwen2", "qwen3", "qwen2_moe", "qwen3_moe", "qwen3_next", "qwen3_5_text"})
    void settingsThatAreOffOrNoBusinessOfTheDecoderAreHarmless(String type) {
        read(type, """
                "attention_dropout": 0.1, "attn_pdrop": 0.1, "router_z_loss_coef": 0.001, "_attn_implementation": "eager",
                "attn_implementation": "flash_attention_2", "use_flash_attention_2": true, "output_attentions": true,
                "output_hidden_states": true, "fp32": true, "bf16": true, "fp16": false, "softmax_in_fp32": true,
                "chunk_size_feed_forward": 0, "qk_norm": false, "alibi": null, "sliding_window_pattern": 0,
                "is_causal": true, "position_embedding_type": "rope", "image_token_id": 5, "eos_token_ids": [3],
                "pruned_heads": {}, "layer_norm_bias": false, "unsloth_fixed": true, "name_or_path": "x",
                "moe_layer_init_std": 0.02, "vision_config": {"num_heads": 3}, "note": [1, 2], "torch_dtype": "float16",
                "tensor_parallel_size": 4, "num_labels": 2, "use_cache": false, "pad_token_id": 3""");
    }

    @Test
    void theSameActivationUnderItsOtherName() {
        assertEquals(read("qwen3", ""), read("qwen3", "\"hidden_act\": \"swish\""));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            "chunk_size": 8                    | 'dual_chunk_attention_config.local_size': missing
            "chunk_size": 8, "local_size": 8   | 8 is not below chunk_size 8
            "chunk_size": "8", "local_size": 2 | 'dual_chunk_attention_config.chunk_size'
            """)
    void dualChunksAreChecked(String members, String expected) {
        var e = assertThrows(
                IngotException.class, () -> read("qwen2", "\"dual_chunk_attention_config\": {" + members + "}"));
        assertTrue(e.getMessage().contains(expected), e.getMessage());
        var yarn = assertThrows(IngotException.ConfigMismatch.class, () -> read("qwen2", """
                "dual_chunk_attention_config": {"chunk_size": 8, "local_size": 2},
                "rope_scaling": {"type": "yarn", "factor": 4}"""));
        assertTrue(yarn.getMessage().contains("beside 'rope_scaling'"), yarn.getMessage());
    }

    /** One chunk is plain attention; more would be wrong, so a session ends there. */
    @Test
    void aSessionHoldsOneChunk(@TempDir Path folder) {
        var shape = new NaiveQwen.Shape(1, 12, 2, 1, 6, 31, new int[1]);
        var checkpoint = new TinyCheckpoint(5);
        checkpoint.decoder(shape, 7, new TinyCheckpoint.Parts("F32", true, false, false, true));
        checkpoint.write(folder, """
                {"model_type": "qwen2", "hidden_size": 12, "num_hidden_layers": 1, "num_attention_heads": 2,
                 "num_key_value_heads": 1, "head_dim": 6, "intermediate_size": 7, "vocab_size": 31,
                 "dual_chunk_attention_config": {"chunk_size": 40, "local_size": 9}}""");
        NaiveQwen.Angle angle = (pair, position, length) -> position * Math.pow(10_000, -2.0 * pair / 6);
        int[] ids = new int[31];
        try (Model model = Model.open(folder);
                Session session = model.newSession()) {
            double[] expected = new NaiveQwen(shape, angle, 1, false, checkpoint.values()).logits(ids);
            assertTrue(Golden.nmse(Runs.logits(model, ids), expected) <= 1e-9);
            assertEquals(31, session.capacity());
            session.forward(ids);
            assertThrows(IngotException.class, () -> session.forward(1));
        }
        var e = assertThrows(
                IngotException.Usage.class,
                () -> Model.open(folder, ModelOptions.defaults().withMaxPositions(32)));
        assertTrue(e.getMessage().contains("at most 31"), e.getMessage());
    }

    @ParameterizedTest
    @CsvSource({
        "qwen2_vl, vision",
        "qwen2_5_vl, vision",
        "qwen3_vl_moe, vision",
        "qwen2_audio, speech",
        "qwen2_5_omni, speech",
        "qwen3_omni_moe, speech"
    })
    void otherKindsOfModelsAreRefusedByName(String type, String kind) {
        var e = assertThrows(IngotException.ConfigMismatch.class, () -> read(type, ""));
        assertTrue(e.getMessage().contains("model_type '" + type + "' is not supported (" + kind), e.getMessage());
    }
}
