package ingot.tests.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.hf.DeltaNetConfig;
import ingot.formats.hf.GenerationDefaults;
import ingot.formats.hf.ModelConfig;
import ingot.formats.hf.ModelConfigs;
import ingot.formats.hf.RopeConfig;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

/** What config.json of Qwen3-Next and Qwen3.5 may say. */
final class HybridConfigTest {
    private static final Path ORIGIN = Path.of("config.json");
    private static final String BASE = """
            {"model_type": "TYPE", "hidden_size": 64, "num_hidden_layers": 5, "intermediate_size": 160,
             "vocab_size": 512}""";

    private static ObjectNode object(String json) {
        return Json.parseObject(json.getBytes(StandardCharsets.UTF_8), ORIGIN, JsonBound.INPUT);
    }

    /** The base with the members of {@code changes} put over it, as the text_config of a composite if {@code type} is one. */
    private static ModelConfig read(String type, String changes) {
        boolean composite = !type.endsWith("_text") && !type.equals("qwen3_next");
        ObjectNode config = object(BASE.replace("TYPE", composite ? type + "_text" : type));
        object("{" + changes + "}").forEachEntry(config::set);
        if (!composite) {
            return ModelConfigs.read(config, ORIGIN);
        }
        ObjectNode root = Json.object();
        root.put("model_type", type);
        root.set("text_config", config);
        return ModelConfigs.read(root, ORIGIN);
    }

    @Test
    void absentFieldsTakeTheReferencesDefaults() {
        ModelConfig next = read("qwen3_next", "");
        List<Boolean> layers = List.of(true, true, true, false, true);
        assertEquals(
                new DeltaNetConfig(16, 32, 128, 128, 4, DeltaNetConfig.Packing.GROUPED, layers),
                next.attention().linear().orElseThrow());
        assertEquals(new RopeConfig(10_000, 64, new RopeConfig.None()), next.rope());
        assertEquals(
                List.of(16, 2, 256),
                List.of(
                        next.attention().heads(),
                        next.attention().kvHeads(),
                        next.attention().headDim()));
        assertEquals(
                List.of(512, 10, 512, 512),
                next.moe().stream()
                        .flatMap(m -> List.of(m.experts(), m.perToken(), m.expertInner(), m.sharedInner()).stream())
                        .toList());
        assertEquals(ModelConfig.Norms.OFFSET, next.family().norms());
        ModelConfig dense = read("qwen3_5", "");
        assertEquals(4, dense.attention().kvHeads());
        assertEquals(
                DeltaNetConfig.Packing.SPLIT,
                dense.attention().linear().orElseThrow().packing());
        assertTrue(dense.moe().isEmpty());
        assertEquals(ModelConfig.Naming.COMPOSITE, dense.family().naming());
        assertEquals(ModelConfig.Naming.LLAMA, read("qwen3_5_text", "").family().naming());
        ModelConfig moe = read("qwen3_5_moe", "\"norm_topk_prob\": false");
        assertEquals(256, moe.moe().orElseThrow().experts());
        assertTrue(moe.moe().orElseThrow().normalize(), "the reference always divides by the sum");
        assertEquals("qwen3_5_moe_text", read("qwen3_5_moe_text", "").modelType());
    }

    @Test
    void layersByTypesOrInterval() {
        String types =
                "\"full_attention\", \"linear_attention\", \"linear_attention\", \"full_attention\", \"linear_attention\"";
        ModelConfig listed = read("qwen3_5", "\"full_attention_interval\": 2, \"layer_types\": [" + types + "]");
        assertEquals(
                List.of(false, true, true, false, true),
                listed.attention().linear().orElseThrow().layers());
        assertEquals(
                List.of(true, false, true, false, true),
                read("qwen3_5", "\"full_attention_interval\": 2")
                        .attention()
                        .linear()
                        .orElseThrow()
                        .layers());
    }

    @Test
    void rotaryPartInEitherPlace() {
        String yarn = "\"rope_type\": \"yarn\", \"factor\": 4, \"original_max_position_embeddings\": 64";
        assertEquals(
                32,
                read("qwen3_next", "\"head_dim\": 64, \"partial_rotary_factor\": 0.5")
                        .rope()
                        .dims());
        RopeConfig both = read("qwen3_5", """
                "head_dim": 64, "rope_parameters": {"partial_rotary_factor": 0.75, "rope_theta": 500, "mrope_interleaved": true,
                "mrope_section": [8, 8, 8], YARN}""".replace("YARN", yarn)).rope();
        assertEquals(48, both.dims());
        assertEquals(500, both.theta());
        assertTrue(both.scaling() instanceof RopeConfig.Yarn);
    }

    /** The whole model's field decides. */
    @Test
    void tiedEmbeddingsOfAComposite() {
        ObjectNode root = object("{\"model_type\": \"qwen3_5\", \"tie_word_embeddings\": true}");
        root.set("text_config", object(BASE.replace("TYPE", "qwen3_5_text")));
        assertTrue(ModelConfigs.read(root, ORIGIN).tiedEmbeddings());
        root.remove("tie_word_embeddings");
        ((ObjectNode) root.get("text_config")).put("tie_word_embeddings", true).put("eos_token_id", 7);
        assertTrue(ModelConfigs.read(root, ORIGIN).tiedEmbeddings());
        assertEquals(Set.of(7), GenerationDefaults.read(Optional.empty(), root).eosIds());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            "attn_output_gate": false                    | 'text_config.attn_output_gate'
            "use_sliding_window": true                   | 'text_config.use_sliding_window'
            "hidden_act": "gelu"                         | 'text_config.hidden_act': 'gelu'
            "quantization_config": {"bits": 4}           | 'text_config.quantization_config'
            "linear_num_key_heads": 5                    | 5 does not divide linear_num_value_heads 32
            "num_key_value_heads": 3                     | 3 does not divide num_attention_heads 16
            "partial_rotary_factor": 0.001               | the rotary embedding needs pairs
            "partial_rotary_factor": 0.1                 | the rotary embedding needs pairs
            "partial_rotary_factor": 0.5, "rope_parameters": {"partial_rotary_factor": 0.25} | contradicts
            "rope_parameters": {"rope_type": "longrope"} | 'longrope' is not supported
            "rope_parameters": {"mrope_lanes": 3}        | 'text_config.rope_parameters.mrope_lanes'
            "layer_types": ["linear_attention"]          | expected a list of 5
            "layer_types": ["linear_attention", "sliding_attention", "a", "b", "c"] | 'sliding_attention'
            "num_experts": 8                             | 'text_config.num_experts'
            "model_type": "qwen3_vl_text"                | 'qwen3_vl_text' is not supported inside 'qwen3_5'
            """)
    void whatIsNotUnderstoodIsRefusedByName(String changes, String expected) {
        var e = assertThrows(IngotException.ConfigMismatch.class, () -> read("qwen3_5", changes));
        assertTrue(e.getMessage().startsWith("config.json: "), e.getMessage());
        assertTrue(e.getMessage().contains(expected), e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"linear_conv_kernel_dim\": 0",
                "\"linear_conv_kernel_dim\": 65",
                "\"linear_key_head_dim\": 0",
                "\"linear_value_head_dim\": 65536, \"linear_num_value_heads\": 65536",
                "\"linear_value_head_dim\": 8192, \"linear_key_head_dim\": 8192",
                "\"linear_value_head_dim\": 2048, \"linear_key_head_dim\": 2048", // four layers of 2^27 numbers
                "\"head_dim\": \"wide\"",
                "\"full_attention_interval\": 0",
                "\"rope_parameters\": {\"mrope_section\": 3}",
                "\"rope_parameters\": {\"mrope_section\": [1, -1]}",
                "\"partial_rotary_factor\": 1.5"
            })
    void whatIsMalformedIsBadData(String changes) {
        var e = assertThrows(IngotException.BadData.class, () -> read("qwen3_5", changes));
        assertTrue(e.getMessage().startsWith("config.json: 'text_config."), e.getMessage());
    }

    @Test
    void aCompositeNeedsItsDecoder() {
        var e = assertThrows(
                IngotException.BadData.class,
                () -> ModelConfigs.read(object("{\"model_type\": \"qwen3_5\", \"vision_config\": {}}"), ORIGIN));
        assertTrue(e.getMessage().contains("'text_config': missing"), e.getMessage());
        assertThrows(IngotException.ConfigMismatch.class, () -> read("qwen3_5_moe", "\"mlp_only_layers\": [1]"));
        assertThrows(IngotException.ConfigMismatch.class, () -> read("qwen3_5_moe", "\"num_experts\": 0"));
    }
}
