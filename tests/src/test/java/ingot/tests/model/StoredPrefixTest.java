package ingot.tests.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.block.Dense;
import ingot.quant.ConvertOptions;
import ingot.quant.Converter;
import ingot.runtime.Model;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A decoder is the same decoder whatever stands before the names of its tensors. */
final class StoredPrefixTest {
    private static final NaiveHybrid.Shape SHAPE = new NaiveHybrid.Shape(
            new boolean[] {true, false}, 12, 2, 1, 8, 2, 31, new NaiveHybrid.Delta(1, 2, 5, 4, 3, false));
    private static final String TEXT = TinyHybrid.config("qwen3_5_text", SHAPE, 7, "\"tie_word_embeddings\": false");
    private static final String COMPOSITE = "{\"model_type\": \"qwen3_5\", \"text_config\": " + TEXT + "}";
    private static final int[] PROMPT = {3, 1, 4, 1, 5, 9, 2, 6};

    @TempDir
    Path folder;

    private final TinyCheckpoint checkpoint = TinyHybrid.checkpoint(SHAPE, 7, "model.", "BF16", false);
    private float[] expected = {};

    @BeforeEach
    void reference() {
        checkpoint.write(folder.resolve("plain"), TEXT);
        expected = logits(folder.resolve("plain"));
    }

    private static float[] logits(Path path) {
        try (Model model = Model.open(path)) {
            return Runs.logits(model, PROMPT);
        }
    }

    /** What a published composite has beside the decoder. */
    private void others(String visual) {
        checkpoint.zeros(visual + "patch_embed.proj.weight", "BF16", 2, 3);
        checkpoint.zeros("mtp.embed_tokens.weight", "BF16", 31, 12);
        checkpoint.zeros("mtp.layers.0.input_layernorm.weight", "BF16", 12);
    }

    @ParameterizedTest
    @CsvSource({
        "model.language_model., lm_head.weight, model.visual.",
        "language_model.model., language_model.lm_head.weight, vision_tower.",
        "language_model., lm_head.weight, visual.",
        "'', lm_head.weight, visual.",
        "model., lm_head.weight, visual.",
        "thinker.model., thinker.lm_head.weight, thinker.visual."
    })
    void everyPrefixIsTheSameModel(String prefix, String head, String visual) {
        checkpoint.rebase("model.", prefix);
        checkpoint.rename("lm_head.weight", head);
        others(visual);
        int n = 0;
        for (String config : List.of(TEXT, COMPOSITE)) {
            Path source = checkpoint.write(folder.resolve("m" + n), config);
            assertArrayEquals(expected, logits(source));
            Path file = folder.resolve("m" + n++ + ".ingot");
            var result = new Converter(ConvertOptions.of(new Dense(DType.BF16))).convert(source, file, Progress.none());
            assertArrayEquals(expected, logits(file));
            assertEquals(2, result.warnings().size(), result.warnings().toString());
        }
    }

    private void assertRefused(String config, String expectedPart) {
        checkpoint.write(folder, config);
        var e = assertThrows(IngotException.ConfigMismatch.class, () -> Model.open(folder));
        assertTrue(e.getMessage().contains(expectedPart), e.getMessage());
    }

    @Test
    void whatIsLeftOverIsSeenUnderAnyPrefix() {
        checkpoint.rebase("model.", "model.language_model.");
        checkpoint.vector("model.language_model.layers.2.input_layernorm.weight", "BF16", 12, 0, 1);
        assertRefused(TEXT, "'model.language_model.layers.2.input_layernorm.weight'");
    }

    @Test
    void twoDecodersAreNotGuessedAt() {
        checkpoint.rebase("model.", "a.");
        checkpoint.zeros("b.embed_tokens.weight", "BF16", 31, 12);
        assertRefused(TEXT, "'model.embed_tokens.weight' is missing");
    }

    @Test
    void aMissingTensorIsNamedAsTheGraphNamesIt() {
        checkpoint.rebase("model.", "model.language_model.");
        checkpoint.remove("model.language_model.norm.weight");
        assertRefused(TEXT, "'model.norm.weight' is missing");
    }

    /** An expert of width 0 adds sigmoid(gate)·0. */
    @Test
    void aSharedExpertOfWidthNothing() {
        var shape = new NaiveQwen.Shape(1, 12, 2, 1, 6, 31, new int[1]);
        var moe = new TinyCheckpoint.Experts(3, 5, 0);
        var experts = new TinyCheckpoint(4);
        experts.decoder(shape, 7, new TinyCheckpoint.Parts("F32", true, false, false, true));
        experts.experts(0, 12, moe, "F32");
        String config = """
                {"model_type": "qwen2_moe", "hidden_size": 12, "num_hidden_layers": 1, "num_attention_heads": 2,
                 "num_key_value_heads": 1, "head_dim": 6, "vocab_size": 31, "num_experts": 3, "moe_intermediate_size": 5,
                 "num_experts_per_tok": 2, "shared_expert_intermediate_size": 0}""";
        experts.write(folder, config);
        float[] without = logits(folder);
        experts.matrix("model.layers.0.mlp.shared_expert_gate.weight", "F32", 1, 12, 1);
        experts.zeros("model.layers.0.mlp.shared_expert.gate_proj.weight", "F32", 0, 12);
        experts.zeros("model.layers.0.mlp.shared_expert.up_proj.weight", "F32", 0, 12);
        experts.zeros("model.layers.0.mlp.shared_expert.down_proj.weight", "F32", 12, 0);
        experts.write(folder, config);
        assertArrayEquals(without, logits(folder));
    }
}
