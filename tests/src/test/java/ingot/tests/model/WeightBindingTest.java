package ingot.tests.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.hf.ModelConfigs;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import ingot.runtime.Model;
import ingot.runtime.model.ModelGraph;
import ingot.runtime.model.WeightSpec;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checkpoints whose tensors and config.json disagree are refused with the name and both shapes. */
final class WeightBindingTest {
    private static final NaiveQwen.Shape SHAPE = new NaiveQwen.Shape(2, 12, 2, 1, 6, 33, new int[2]);
    private static final String CONFIG = """
            {"model_type": "qwen3", "hidden_size": 12, "num_hidden_layers": 2, "num_attention_heads": 2,
             "num_key_value_heads": 1, "head_dim": 6, "intermediate_size": 7, "vocab_size": 33}""";

    @TempDir
    Path folder;

    private final TinyCheckpoint checkpoint = new TinyCheckpoint(9);

    WeightBindingTest() {
        checkpoint.decoder(SHAPE, 7, new TinyCheckpoint.Parts("F32", false, false, true, true));
    }

    private void assertRefused(String config, String... expected) {
        checkpoint.write(folder, config);
        var e = assertThrows(IngotException.ConfigMismatch.class, () -> Model.open(folder));
        for (String part : expected) {
            assertTrue(e.getMessage().contains(part), e.getMessage());
        }
    }

    @Test
    void theIntactOneOpens() {
        checkpoint.write(folder, CONFIG);
        try (Model model = Model.open(folder)) {
            long parameters = checkpoint.values().values().stream()
                    .mapToLong(v -> v.length)
                    .sum();
            assertEquals(parameters, model.info().parameters());
        }
    }

    @Test
    void otherShape() {
        checkpoint.matrix("model.layers.1.mlp.up_proj.weight", "F32", 8, 12, 1);
        assertRefused(CONFIG, "'model.layers.1.mlp.up_proj.weight'", "[8, 12]", "[7, 12]");
    }

    @Test
    void missingTensors() {
        checkpoint.remove("model.layers.0.self_attn.q_norm.weight");
        checkpoint.remove("model.layers.1.input_layernorm.weight");
        assertRefused(CONFIG, "'model.layers.0.self_attn.q_norm.weight' is missing", "[6]", "1 more");
    }

    @Test
    void missingHead() {
        checkpoint.remove("lm_head.weight");
        assertRefused(CONFIG, "'lm_head.weight' is missing and tie_word_embeddings is false", "[33, 12]");
    }

    /** MLX stacks experts under a name of its own. */
    @Test
    void expertsOfMlxAreNamed() {
        checkpoint.remove("model.layers.1.mlp.up_proj.weight");
        assertRefused(CONFIG, "'model.layers.1.mlp.up_proj.weight' is missing; expected shape [7, 12]");
        checkpoint.zeros("model.layers.1.mlp.switch_mlp.up_proj.weight", "F32", 2, 7, 12);
        assertRefused(CONFIG, "experts named 'switch_mlp' are MLX's");
    }

    @Test
    void aLayerTooMany() {
        checkpoint.vector("model.layers.2.input_layernorm.weight", "F32", 12, 1, 0);
        assertRefused(CONFIG, "'model.layers.2.input_layernorm.weight'", "2 layers");
    }

    @Test
    void aBiasTheConfigurationDoesNotKnow() {
        checkpoint.vector("model.layers.0.self_attn.q_proj.bias", "F32", 12, 0, 1);
        assertRefused(CONFIG, "'model.layers.0.self_attn.q_proj.bias'");
    }

    @Test
    void integersAreNoWeights() {
        checkpoint.zeros("model.norm.weight", "I32", 12);
        assertRefused(CONFIG, "'model.norm.weight'", "I32");
    }

    @Test
    void theGraphIsInForwardOrder() {
        var config = ModelConfigs.read(
                Json.parseObject(CONFIG.getBytes(StandardCharsets.UTF_8), folder, JsonBound.INPUT),
                folder.resolve("config.json"));
        List<String> names =
                ModelGraph.of(config).weights().stream().map(WeightSpec::name).toList();
        String p = "model.layers.0.";
        assertEquals(
                List.of(
                        "model.embed_tokens.weight",
                        p + "input_layernorm.weight",
                        p + "self_attn.q_proj.weight",
                        p + "self_attn.k_proj.weight",
                        p + "self_attn.v_proj.weight",
                        p + "self_attn.q_norm.weight",
                        p + "self_attn.k_norm.weight",
                        p + "self_attn.o_proj.weight",
                        p + "post_attention_layernorm.weight",
                        p + "mlp.gate_proj.weight",
                        p + "mlp.up_proj.weight",
                        p + "mlp.down_proj.weight"),
                names.subList(0, 12));
        assertEquals(List.of("model.norm.weight", "lm_head.weight"), names.subList(23, 25));
    }
}
