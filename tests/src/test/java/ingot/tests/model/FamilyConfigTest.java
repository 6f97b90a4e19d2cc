package ingot.tests.model;

import static ingot.tests.model.Configs.object;
import static ingot.tests.model.Configs.read;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.hf.GenerationDefaults;
import ingot.formats.hf.ModelConfig;
import ingot.formats.hf.MoeConfig;
import ingot.formats.hf.RopeConfig;
import ingot.formats.json.Json;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What config.json of the mixtures of experts and of the first Qwen may say. */
final class FamilyConfigTest {
    private static final String MOE = """
            {"model_type": "TYPE", "hidden_size": 64, "num_hidden_layers": 4, "num_attention_heads": 4,
             "num_key_value_heads": 2, "intermediate_size": 160, "vocab_size": 512}""";
    private static final String FIRST = """
            {"model_type": "qwen", "n_embd": 64, "n_layer": 3, "n_head": 4, "ffn_hidden_size": 224, "kv_channels": 16,
             "padded_vocab_size": 448, "vocab_size": 440, "seq_length": 32}""";
    private static final String LATER = """
            {"model_type": "qwen", "hidden_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4,
             "intermediate_size": 225, "kv_channels": 16, "vocab_size": 448, "seq_length": 32}""";

    private static MoeConfig moe(String type, String changes) {
        return read(MOE.replace("TYPE", type), changes).moe().orElseThrow();
    }

    @Test
    void absentExpertSettingsTakeTheReferencesDefaults() {
        List<Boolean> all = List.of(true, true, true, true);
        assertEquals(new MoeConfig(60, 4, 1408, 5632, false, all), moe("qwen2_moe", ""));
        assertEquals(new MoeConfig(128, 8, 768, 0, false, all), moe("qwen3_moe", ""));
        ModelConfig qwen3 =
                read(MOE.replace("TYPE", "qwen3_moe"), "\"num_attention_heads\": 8, \"num_key_value_heads\": \"-\"");
        assertEquals(
                List.of(4, 8),
                List.of(qwen3.attention().kvHeads(), qwen3.attention().headDim()));
        assertTrue(qwen3.attention().qkNorm() && !qwen3.attention().qkvBias());
        assertTrue(read(MOE.replace("TYPE", "qwen2_moe"), "").attention().qkvBias());
        assertTrue(!read(MOE.replace("TYPE", "qwen2_moe"), "\"qkv_bias\": false")
                .attention()
                .qkvBias());
        assertEquals(Optional.empty(), read(MOE.replace("TYPE", "qwen3"), "").moe());
    }

    @Test
    void layersWithExpertsComeFromTheStepAndTheExceptions() {
        assertEquals(
                List.of(false, true, false, true),
                moe("qwen3_moe", "\"decoder_sparse_step\": 2").layers());
        assertEquals(
                List.of(true, true, false, true),
                moe("qwen2_moe", "\"mlp_only_layers\": [2]").layers());
        assertEquals(
                List.of(false, false, false, true),
                moe("qwen3_moe", "\"decoder_sparse_step\": 2, \"mlp_only_layers\": [1, 99]")
                        .layers());
        assertEquals(
                List.of(false, false, false, false),
                moe("qwen3_moe", "\"num_experts\": 0").layers());
    }

    @Test
    void windowsOfTheMixtures() {
        String on = "\"use_sliding_window\": true, \"sliding_window\": 8, \"max_window_layers\": 3";
        assertEquals(
                List.of(8, 0, 8, 0),
                read(MOE.replace("TYPE", "qwen2_moe"), on).attention().windows());
        assertEquals(
                List.of(8, 8, 8, 8),
                read(MOE.replace("TYPE", "qwen3_moe"), on).attention().windows());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            qwen3_moe | "num_experts": 4, "num_experts_per_tok": 5    | 5 is more than num_experts 4
            qwen3_moe | "shared_expert_intermediate_size": 8          | no shared expert
            qwen3_moe | "hidden_act": "gelu"                          | 'hidden_act': 'gelu'
            qwen3_moe | "architectures": ["Qwen2MoeForCausalLM"]      | expected Qwen3MoeForCausalLM
            qwen3_moe | "use_sliding_window": true, "layer_types": ["full_attention", "full_attention", "full_attention", "full_attention"] | contradicts 'use_sliding_window'
            qwen2     | "num_experts": 8                              | or model_type 'qwen2_moe'
            qwen2_moe | "mlp_bias": true                              | 'mlp_bias'
            qwen2_moe | "n_group": 2                                  | 'n_group'
            qwen3_moe | "routed_scaling_factor": 2.5                  | 'routed_scaling_factor'
            qwen3_moe | "scoring_func": "sigmoid"                     | 'scoring_func'
            qwen3_moe | "first_k_dense_replace": 1                    | 'first_k_dense_replace'
            """)
    void contradictoryOrUnknownExpertSettingsAreRefused(String type, String changes, String expected) {
        var e = assertThrows(IngotException.ConfigMismatch.class, () -> read(MOE.replace("TYPE", type), changes));
        assertTrue(e.getMessage().startsWith("config.json: ") && e.getMessage().contains(expected), e.getMessage());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            "num_experts": -1                | 'num_experts'
            "num_experts": 100000            | 'num_experts'
            "num_experts": 16384, "num_hidden_layers": 1000 | 16384 in 1000 layers
            "num_experts_per_tok": 0         | 'num_experts_per_tok'
            "moe_intermediate_size": 0       | 'moe_intermediate_size'
            "norm_topk_prob": 1              | 'norm_topk_prob': '1'; expected true or false
            "decoder_sparse_step": 0         | 'decoder_sparse_step'
            "mlp_only_layers": 2             | expected a list of layer numbers
            "mlp_only_layers": ["a"]         | expected a layer number
            """)
    void malformedExpertSettingsAreBadData(String changes, String expected) {
        var e = assertThrows(IngotException.BadData.class, () -> moe("qwen3_moe", changes));
        assertTrue(e.getMessage().contains(expected), e.getMessage());
    }

    @Test
    void bothStylesOfTheFirstQwen() {
        ModelConfig first = read(FIRST, "");
        assertEquals(new ModelConfig.Size(3, 64, 112, 448, 8192), first.size());
        assertEquals(new ModelConfig.Family("qwen", "QWenLMHeadModel", ModelConfig.Naming.QWEN1), first.family());
        // Off by default in the first release, on in the later ones.
        assertEquals(new RopeConfig(10_000, 16, new RopeConfig.None()), first.rope());
        assertEquals(OptionalInt.empty(), first.attention().lognLength());
        assertEquals(1e-5, first.normEps());
        ModelConfig later = read(LATER, "\"rotary_pct\": 0.5, \"rotary_emb_base\": 20000");
        assertEquals(new ModelConfig.Size(3, 64, 112, 448, 8192), later.size());
        assertEquals(new RopeConfig(20_000, 8, new RopeConfig.Qwen1Ntk(32)), later.rope());
        assertEquals(OptionalInt.of(32), later.attention().lognLength());
        assertEquals(1e-6, later.normEps());
        assertEquals(later.size(), read(LATER, "\"n_embd\": 64, \"n_head\": 4").size());
    }

    @Test
    void alphaOfTheFirstQwen() {
        var ntk = new RopeConfig.Qwen1Ntk(2048);
        int[] lengths = {1, 2047, 2048, 2049, 4096, 4097, 8192, 8193, 16384, 16385, 32768};
        double[] alphas = {1, 1, 1, 3, 3, 7, 7, 15, 15, 31, 31};
        for (int i = 0; i < lengths.length; i++) {
            assertEquals(alphas[i], ntk.alpha(lengths[i]), "n = " + lengths[i]);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            "no_bias": false                                   | 'no_bias'
            "activation": "gelu"                               | 'activation': 'gelu'
            "pos_emb": "learned"                               | 'pos_emb'
            "scale_attn_weights": false                        | 'scale_attn_weights'
            "apply_residual_connection_post_layernorm": true   | 'apply_residual_connection_post_layernorm'
            "use_cache_quantization": true                     | 'use_cache_quantization'
            "quantization_config": {"bits": 4}                 | 'quantization_config'
            "rope_scaling": {"type": "linear", "factor": 2}    | 'rope_scaling'
            "kv_channels": 32                                  | 'kv_channels': 32 is not
            "kv_channels": "-"                                 | 'kv_channels': 128 is not
            "n_head": 5                                        | 5 does not divide the hidden size 64
            "rotary_pct": 0.2                                  | 'rotary_pct': rotates 3 of 16
            "rotary_pct": 0                                    | 'rotary_pct': rotates 0 of 16
            "rotary_pct": 0.125, "use_dynamic_ntk": true       | at least 4 with use_dynamic_ntk
            "hidden_size": 32                                  | contradicts 'hidden_size' 32
            "num_key_value_heads": 2                           | one per query head
            "ffn_hidden_size": 1                               | 'ffn_hidden_size'
            "architectures": ["QWenForSequenceClassification"] | expected QWenLMHeadModel
            """)
    void whatTheFirstQwenCannotBeIsRefused(String changes, String expected) {
        var e = assertThrows(IngotException.ConfigMismatch.class, () -> read(FIRST, changes));
        assertTrue(e.getMessage().startsWith("config.json: ") && e.getMessage().contains(expected), e.getMessage());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            "seq_length": "-"        | 'seq_length': missing
            "seq_length": 1          | 'seq_length'
            "n_layer": 0             | 'n_layer'
            "n_embd": "-"            | 'hidden_size': missing
            "use_logn_attn": "yes"   | 'use_logn_attn'
            "rotary_pct": 2          | 'rotary_pct'
            "layer_norm_epsilon": 0  | 'layer_norm_epsilon'
            """)
    void malformedSettingsOfTheFirstQwenAreBadData(String changes, String expected) {
        var e = assertThrows(IngotException.BadData.class, () -> read(FIRST, changes));
        assertTrue(e.getMessage().contains(expected), e.getMessage());
    }

    @Test
    void theFirstQwensStopWordsEndATextWhereTheyAreOneToken() {
        var defaults = GenerationDefaults.read(
                Optional.of(
                        object("{\"eos_token_id\": 600, \"stop_words_ids\": [[601], [602], [1, 2], 7], \"top_k\": 0}")),
                Json.object());
        assertEquals(Set.of(600, 601, 602), defaults.eosIds());
        assertEquals(0, defaults.topK());
    }
}
