package ingot.tests.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.Progress;
import ingot.formats.gguf.GgufModel;
import ingot.formats.hf.GenerationDefaults;
import ingot.formats.hf.HfFolder;
import ingot.formats.hf.ModelConfigs;
import ingot.formats.tokenizer.TokenizerData;
import ingot.formats.tokenizer.TokenizerReader;
import ingot.quant.ConvertOptions;
import ingot.quant.Converter;
import ingot.runtime.Model;
import ingot.runtime.perplexity.Perplexity;
import ingot.runtime.perplexity.PerplexityOptions;
import ingot.runtime.perplexity.Predictor;
import ingot.runtime.tokenizer.AddedTokenParsing;
import ingot.runtime.tokenizer.Tokenizer;
import ingot.tests.gguf.GgufCheckpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The reference checkpoints, written as GGUF by a writer that is not ours, are the same models; and llama.cpp agrees. */
final class GgufParityTest {
    private static final double BAR = 1e-9;
    private static final int F32 = 0;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "checkpoints/qwen2-e2e",
                "checkpoints/qwen2-tied-bf16",
                "checkpoints/qwen2-tied-f32",
                "checkpoints/qwen2-yarn-hub",
                "checkpoints/qwen3-tied-bf16",
                "models/qwen3-6m-gutenberg"
            })
    void logitsAreTheReferences(String name) throws IOException {
        Path file = GgufCheckpoint.of(Golden.folder(name), F32).write(folder.resolve("any.name"));
        try (Model model = Model.open(file)) {
            for (Golden.Prompt prompt : Golden.read(name)) {
                double nmse = Golden.nmse(Runs.logits(model, prompt.ids()), prompt.logits());
                assertTrue(nmse <= BAR, name + ": NMSE " + nmse);
                assertArrayEquals(
                        prompt.greedyCached(),
                        Runs.greedyCached(model, prompt.ids(), prompt.greedyCached().length),
                        name);
            }
        }
    }

    /** All fields that the arithmetic reads, in the neutral record. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "checkpoints/qwen2-e2e",
                "checkpoints/qwen2-tied-f32",
                "checkpoints/qwen2-yarn-hub",
                "checkpoints/qwen3-tied-bf16",
                "models/qwen3-6m-gutenberg"
            })
    void configurationIsTheFolders(String name) throws IOException {
        Path file = GgufCheckpoint.of(Golden.folder(name), F32).write(folder.resolve("x.gguf"));
        try (GgufModel gguf = GgufModel.open(file);
                HfFolder hf = HfFolder.open(Golden.folder(name))) {
            assertEquals(ModelConfigs.read(hf.config(), file), ModelConfigs.read(gguf.config(), file));
            assertEquals(
                    hf.weights().tensors().keySet(), gguf.tensors().tensors().keySet());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"checkpoints/qwen2-e2e", "models/qwen3-6m-gutenberg"})
    void tokenizerIsTheFolders(String name) throws IOException {
        Path file = GgufCheckpoint.of(Golden.folder(name), F32).write(folder.resolve("x.gguf"));
        TokenizerData expected = TokenizerReader.read(Golden.folder(name));
        try (GgufModel gguf = GgufModel.open(file)) {
            TokenizerData actual = gguf.tokenizer().orElseThrow();
            assertEquals(expected.vocabulary(), actual.vocabulary());
            assertEquals(expected.merges(), actual.merges());
            assertEquals(expected.addedTokens(), actual.addedTokens());
            assertEquals(expected.normalization(), actual.normalization());
            assertEquals(expected.preTokenization(), actual.preTokenization());
            assertEquals(expected.config().eosToken(), actual.config().eosToken());
            assertEquals(expected.config().bosToken(), actual.config().bosToken());
            assertEquals(expected.config().padToken(), actual.config().padToken());
            assertEquals(expected.config().chatTemplates(), actual.config().chatTemplates());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"f32", "int4", "nf4-dq"})
    void conversionStoresTheSameWeightsAsFromTheFolder(String type) throws IOException {
        Path checkpoint = Golden.folder("checkpoints/qwen2-tied-f32");
        Path gguf = GgufCheckpoint.of(checkpoint, F32).write(folder.resolve("x.gguf"));
        Path fromFolder = folder.resolve("a.ingot");
        Path fromGguf = folder.resolve("b.ingot");
        new Converter(ConvertOptions.of(ConvertOptions.layout(type))).convert(checkpoint, fromFolder, Progress.none());
        new Converter(ConvertOptions.of(ConvertOptions.layout(type))).convert(gguf, fromGguf, Progress.none());
        int[] ids = Golden.read("checkpoints/qwen2-tied-f32").getFirst().ids();
        try (Model a = Model.open(fromFolder);
                Model b = Model.open(fromGguf)) {
            assertArrayEquals(Runs.logits(a, ids), Runs.logits(b, ids));
        }
    }

    /**
     * A file that llama-quantize made (golden-outputs/gguf/README.md) scores as in llama.cpp: 48.4413 over 16 windows of 256.
     * llama.cpp also rounds activations to 8 bits before a product with quantized weights, which moves it by up to 0.05 %.
     */
    @Test
    void perplexityIsThatOfLlamaCpp() throws IOException {
        Path file = Golden.OUTPUTS.resolve("gguf").resolve("qwen3-6m-q4_k_m.gguf");
        try (Model model = Model.open(file);
                Predictor predictor = Predictor.of(model)) {
            Tokenizer tokenizer = model.tokenizer().orElseThrow();
            String text = Files.readString(Golden.OUTPUTS.resolve("models").resolve("evaluation.txt"));
            int[] ids = tokenizer.encode(text.substring(0, text.length() - 1), AddedTokenParsing.PLAIN_TEXT);
            double found = Perplexity.measure(
                            predictor, ids, new PerplexityOptions(256, 16), null, null, Progress.none())
                    .perplexity();
            assertEquals(48.4413, found, 48.4413 * 5e-4);
        }
    }

    @Test
    void generationDefaultsEndWhereLlamaCppEnds() {
        Path file = Golden.OUTPUTS.resolve("gguf").resolve("qwen3-6m-q4_k_m.gguf");
        try (GgufModel gguf = GgufModel.open(file)) {
            GenerationDefaults defaults = GenerationDefaults.read(gguf.generationConfig(), gguf.config());
            assertEquals(Set.of(4093), defaults.eosIds());
            assertEquals(Optional.empty(), gguf.tokenizer().map(t -> t.config().chatTemplate()));
            assertEquals(
                    List.of("Qwen3ForCausalLM"),
                    List.of(gguf.config().path("architectures").path(0).stringValue()));
        }
    }
}
