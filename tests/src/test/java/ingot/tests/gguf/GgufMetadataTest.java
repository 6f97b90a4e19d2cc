package ingot.tests.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.gguf.GgufModel;
import ingot.formats.tokenizer.PreTokenization;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What metadata leaves out means what it means to llama.cpp. */
final class GgufMetadataTest {
    private static final Path CHECKPOINT =
            Path.of(System.getProperty("ingot.root")).resolve("golden-outputs/checkpoints/qwen2-e2e");

    @TempDir
    private Path folder;

    /** llama-model.cpp, load_hparams; llama-context.cpp for the type none. */
    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "-,      -, -, ''",
                "-,      4, -, linear 4.0",
                "-,      -, 4, linear 4.0",
                "-,      4, 2, linear 4.0",
                "-,      0, 2, ''",
                "linear, 8, -, linear 8.0",
                "linear, -, 8, linear 8.0",
                "linear, -, -, ''",
                "linear, 1, -, ''",
                "linear, 0, -, ''",
                "none,   4, -, ''",
                "none,   -, 4, ''",
                "yarn,   4, -, yarn 4.0",
                "yarn,   -, 4, yarn 4.0",
                "yarn,   1, -, ''",
                "yarn,   -, -, ''"
            })
    void ropeIsScaledAsLlamaCppDoes(String type, Float factor, Float older, String expected) throws IOException {
        GgufWriter out = Tiny.model();
        if (type != null) {
            out.text("qwen2.rope.scaling.type", type);
        }
        if (factor != null) {
            out.f32("qwen2.rope.scaling.factor", factor);
        }
        if (older != null) {
            out.f32("qwen2.rope.scale_linear", older);
        }
        try (GgufModel model = GgufModel.open(out.write(folder.resolve("x.gguf")))) {
            var rope = model.config().path("rope_scaling");
            String got = rope.path("rope_type").asString("") + " "
                    + rope.path("factor").asString("");
            assertEquals(expected, got.strip());
        }
    }

    /** Files from before the key existed. */
    @Test
    void aMissingSplitIsThatOfTheVocabulary() throws IOException {
        GgufWriter out = GgufCheckpoint.of(CHECKPOINT, 0);
        try (GgufModel model = GgufModel.open(out.write(folder.resolve("x.gguf")))) {
            assertEquals(List.of(), model.warnings());
        }
        out.without("tokenizer.ggml.pre");
        try (GgufModel model = GgufModel.open(out.write(folder.resolve("y.gguf")))) {
            assertEquals(PreTokenization.QWEN2, model.tokenizer().orElseThrow().preTokenization());
            assertTrue(model.warnings().getFirst().contains("no metadata key 'tokenizer.ggml.pre'"));
        }
        out.without("tokenizer.ggml.tokens")
                .without("tokenizer.ggml.token_type")
                .without("tokenizer.ggml.merges");
        out.strings("tokenizer.ggml.tokens", List.of("a", "<|endoftext|>"))
                .ints("tokenizer.ggml.token_type", List.of(1, 3))
                .strings("tokenizer.ggml.merges", List.of());
        refusedSplit("missing, and the tokens are not those of Qwen2", out);
        refusedSplit("'qwen35' is not supported; expected qwen2", out.text("tokenizer.ggml.pre", "qwen35"));
    }

    private void refusedSplit(String message, GgufWriter out) throws IOException {
        try (GgufModel model = GgufModel.open(out.write(folder.resolve("z.gguf")))) {
            var e = assertThrows(IngotException.ConfigMismatch.class, model::tokenizer);
            assertTrue(e.getMessage().contains("'tokenizer.ggml.pre': " + message), e::getMessage);
        }
    }
}
