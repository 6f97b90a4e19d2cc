package ingot.tests.model;

import static ingot.tests.model.Configs.object;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.hf.GenerationDefaults;
import ingot.formats.hf.ModelConfig;
import ingot.formats.hf.ModelConfigs;
import ingot.formats.hf.RopeConfig;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What config.json may say; defaults as in transformers' configuration_qwen2.py and configuration_qwen3.py. */
final class ModelConfigTest {
    private static final String BASE = """
            {"model_type": "TYPE", "hidden_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4,
             "num_key_value_heads": 2, "intermediate_size": 160, "vocab_size": 512}""";

    private static ModelConfig read(String type, String changes) {
        return Configs.read(BASE.replace("TYPE", type), changes);
    }

    @Test
    void absentFieldsTakeTheReferencesDefaults() {
        ModelConfig config = read("qwen2", "");
        assertEquals("Qwen2ForCausalLM", config.architecture());
        assertEquals(new RopeConfig(10_000, 16, new RopeConfig.None()), config.rope());
        assertEquals(1e-6, config.normEps());
        assertEquals(32768, config.maxPositions());
        assertEquals(16, config.attention().headDim());
        assertEquals(List.of(0, 0, 0), config.attention().windows());
        assertEquals(false, config.tiedEmbeddings());
        assertEquals(
                List.of(true, false, false),
                List.of(
                        config.attention().qkvBias(),
                        config.attention().outputBias(),
                        config.attention().qkNorm()));
    }

    @Test
    void qwen3HasItsOwnDefaults() {
        ModelConfig config = read("qwen3", "");
        assertEquals(128, config.attention().headDim());
        assertEquals(
                List.of(false, false, true),
                List.of(
                        config.attention().qkvBias(),
                        config.attention().outputBias(),
                        config.attention().qkNorm()));
        ModelConfig biased = read("qwen3", "\"attention_bias\": true");
        assertTrue(biased.attention().qkvBias() && biased.attention().outputBias());
    }

    @Test
    void nullHeadsMeansOnePerQueryHeadAndAbsentMeans32() {
        assertEquals(
                4, read("qwen2", "\"num_key_value_heads\": null").attention().kvHeads());
        assertEquals(
                32,
                read("qwen2", "\"num_key_value_heads\": \"-\", \"num_attention_heads\": 64, \"head_dim\": 2")
                        .attention()
                        .kvHeads());
    }

    @Test
    void windowsComeFromLayerTypesOrMaxWindowLayers() {
        String on = "\"use_sliding_window\": true, \"sliding_window\": 8, ";
        assertEquals(
                List.of(0, 8, 8),
                read("qwen2", on + "\"max_window_layers\": 1").attention().windows());
        assertEquals(
                List.of(0, 0, 0),
                read("qwen2", on + "\"max_window_layers\": 28").attention().windows());
        assertEquals(List.of(8, 0, 8), read("qwen2", on + """
                        "max_window_layers": 1,
                        "layer_types": ["sliding_attention", "full_attention", "sliding_attention"]""").attention().windows());
        assertEquals(
                List.of(4096, 4096, 4096),
                read("qwen2", "\"use_sliding_window\": true, \"max_window_layers\": 0")
                        .attention()
                        .windows());
        assertEquals(
                List.of(0, 0, 0),
                read("qwen2", "\"use_sliding_window\": true, \"sliding_window\": null, \"max_window_layers\": 0")
                        .attention()
                        .windows());
    }

    @Test
    void ropeIsReadInBothSpellings() {
        var linear = new RopeConfig(5e5, 16, new RopeConfig.Linear(4));
        assertEquals(
                linear,
                read("qwen2", "\"rope_theta\": 500000, \"rope_scaling\": {\"type\": \"linear\", \"factor\": 4}")
                        .rope());
        assertEquals(linear, read("qwen3", """
                        "head_dim": 16, "rope_parameters": {"rope_type": "linear", "rope_theta": 500000.0, "factor": 4.0}""").rope());
        assertEquals(
                new RopeConfig(10_000, 16, new RopeConfig.DynamicNtk(2, 64)),
                read("qwen2", """
                        "max_position_embeddings": 64, "rope_scaling": {"rope_type": "dynamic", "factor": 2}""").rope());
        assertEquals(
                new RopeConfig(10_000, 16, new RopeConfig.None()),
                read("qwen2", "\"rope_scaling\": {\"rope_type\": \"default\"}").rope());
    }

    @Test
    void yarnDefaults() {
        var yarn = assertInstanceOf(
                RopeConfig.Yarn.class,
                read("qwen2", "\"max_position_embeddings\": 64, \"rope_scaling\": {\"type\": \"yarn\", \"factor\": 4}")
                        .rope()
                        .scaling());
        assertEquals(new RopeConfig.Yarn(4, 64, 32, 1, 0.1 * Math.log(4) + 1, true), yarn);
        var byRatio = assertInstanceOf(
                RopeConfig.Yarn.class, read("qwen2", """
                        "max_position_embeddings": 256,
                        "rope_scaling": {"type": "yarn", "original_max_position_embeddings": 32, "attention_factor": 1.5}""").rope().scaling());
        assertEquals(8, byRatio.factor());
        assertEquals(1.5, byRatio.attentionFactor());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            "model_type": "llama"                                   | model_type 'llama' is not supported
            "model_type": "qwen9"                                   | model_type 'qwen9' is not supported
            "model_type": "-"                                       | no 'model_type'
            "architectures": ["Qwen2ForSequenceClassification"]     | Qwen2ForSequenceClassification
            "hidden_act": "gelu"                                    | 'hidden_act': 'gelu'
            "quantization_config": {"bits": 4}                      | 'quantization_config'
            "rope_scaling": {"type": "longrope", "factor": 4}       | 'rope_scaling.type': 'longrope'
            "rope_scaling": {"rope_type": "llama3", "factor": 4}    | 'rope_scaling.rope_type': 'llama3'
            "rope_scaling": {"rope_type": "linear", "type": "yarn", "factor": 4} | contradicts 'rope_type'
            "rope_scaling": {"type": "linear", "factor": 4, "low_freq_factor": 1} | 'rope_scaling.low_freq_factor'
            "rope_scaling": {"type": "linear", "factor": 4}, "rope_parameters": {"rope_type": "default"} | contradicts
            "rope_theta": 1e6, "rope_parameters": {"rope_theta": 1e4} | contradicts 'rope_theta'
            "rope_scaling": {"type": "dynamic", "factor": 2, "original_max_position_embeddings": 64} | differs
            "partial_rotary_factor": 0.5                            | 'partial_rotary_factor'
            "use_mrope": true                                       | 'use_mrope'
            "mlp_bias": true                                        | 'mlp_bias'
            "num_experts": 8                                        | 'num_experts'
            "num_key_value_heads": 3                                | 3 does not divide num_attention_heads 4
            "num_attention_heads": 3, "num_key_value_heads": 1      | 3 does not divide hidden_size 64
            "head_dim": 15                                          | 15 is odd
            "layer_types": ["full_attention"]                       | expected a list of 3
            "layer_types": ["full_attention", "linear_attention", "full_attention"] | 'linear_attention'
            "layer_types": ["full_attention", "sliding_attention", "full_attention"] | without use_sliding_window
            """)
    void whatIsNotUnderstoodIsRefusedByName(String changes, String expected) {
        var e = assertThrows(IngotException.ConfigMismatch.class, () -> read("qwen2", changes));
        assertTrue(e.getMessage().startsWith("config.json: "), e.getMessage());
        assertTrue(e.getMessage().contains(expected), e.getMessage());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            "hidden_size": "64"              | 'hidden_size': '64'; expected an integer
            "hidden_size": 64.5              | 'hidden_size': '64.5'
            "hidden_size": "-"               | 'hidden_size': missing
            "hidden_size": 0                 | 'hidden_size': '0'
            "num_hidden_layers": 0           | 'num_hidden_layers'
            "num_hidden_layers": 1001        | from 1 to 1000
            "num_attention_heads": -4        | 'num_attention_heads'
            "num_key_value_heads": 0         | 'num_key_value_heads'
            "vocab_size": 9223372036854775807 | 'vocab_size'
            "intermediate_size": 4294967297  | 'intermediate_size'
            "head_dim": 65536, "num_attention_heads": 65536 | wider than
            "rms_norm_eps": 0                | 'rms_norm_eps'
            "rms_norm_eps": 2                | 'rms_norm_eps'
            "rope_theta": -1                 | 'rope_theta'
            "rope_theta": 1                  | 'rope_theta'
            "rope_scaling": 3                | 'rope_scaling': '3'; expected an object
            "rope_scaling": {"type": "linear"} | 'rope_scaling.factor': missing
            "rope_scaling": {"type": "linear", "factor": 0.5} | 'rope_scaling.factor'
            "rope_scaling": {"type": "yarn", "factor": 4, "original_max_position_embeddings": 0} | original_max
            "use_sliding_window": true, "sliding_window": -1 | 'sliding_window'
            "tie_word_embeddings": "yes"     | 'tie_word_embeddings': 'yes'; expected true or false
            "architectures": "Qwen2ForCausalLM" | expected a list of strings
            """)
    void whatIsMalformedIsBadData(String changes, String expected) {
        var e = assertThrows(IngotException.BadData.class, () -> read("qwen2", changes));
        assertTrue(e.getMessage().startsWith("config.json: "), e.getMessage());
        assertTrue(e.getMessage().contains(expected), e.getMessage());
    }

    @Test
    void neutralSettingsOfOtherFamiliesAreHarmless() {
        read("qwen2", """
                "use_mrope": false, "mlp_bias": false, "num_experts": 0, "attn_logit_softcapping": null,
                "partial_rotary_factor": 1.0, "attention_dropout": 0.1, "torch_dtype": "bfloat16", "dtype": "float16",
                "quantization_config": null, "rope_scaling": null, "unknown_note": [1]""");
    }

    @Test
    void generationDefaultsAreTolerant() {
        var full = GenerationDefaults.read(Optional.of(object("""
                        {"eos_token_id": [7, 9], "bos_token_id": 3, "do_sample": true, "temperature": 0.7, "top_p": 0.8,
                         "top_k": 20, "repetition_penalty": 1.05}""")), Json.object());
        assertEquals(Set.of(7, 9), full.eosIds());
        assertEquals(3, full.bosId().orElseThrow());
        assertEquals(
                List.of(true, 0.7, 0.8, 20, 1.05),
                List.of(full.doSample(), full.temperature(), full.topP(), full.topK(), full.repetitionPenalty()));
        var broken = GenerationDefaults.read(
                Optional.of(object("{\"eos_token_id\": \"x\", \"temperature\": -1, \"top_p\": 7, \"do_sample\": 1}")),
                object("{\"eos_token_id\": 5, \"bos_token_id\": null}"));
        assertEquals(Set.of(5), broken.eosIds());
        assertTrue(broken.bosId().isEmpty());
        assertEquals(List.of(false, 1.0, 1.0), List.of(broken.doSample(), broken.temperature(), broken.topP()));
        assertEquals(
                Set.of(),
                GenerationDefaults.read(Optional.empty(), Json.object()).eosIds());
    }

    @Test
    void everyRecordedCheckpointIsUnderstood() {
        for (String name : Golden.ALL) {
            Path file = Golden.folder(name).resolve("config.json");
            ObjectNode json = Json.readObject(file, JsonBound.INPUT);
            JsonNode hidden = json.get(json.get("n_embd") == null ? "hidden_size" : "n_embd");
            assertEquals(hidden.intValue(), ModelConfigs.read(json, file).hidden());
        }
    }
}
