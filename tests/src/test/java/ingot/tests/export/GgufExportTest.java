package ingot.tests.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.gguf.GgmlType;
import ingot.formats.gguf.GgufFile;
import ingot.formats.gguf.GgufModel;
import ingot.formats.hf.GenerationDefaults;
import ingot.formats.hf.HfFolder;
import ingot.formats.hf.ModelConfigs;
import ingot.formats.safetensors.SafetensorsFile;
import ingot.formats.tokenizer.TokenizerData;
import ingot.formats.tokenizer.TokenizerReader;
import ingot.quant.Comparison;
import ingot.quant.ExportResult;
import ingot.quant.FolderExporter;
import ingot.quant.GgufExporter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** GGUF files hold what the model computes with, under llama.cpp's names. */
final class GgufExportTest {
    @TempDir
    private Path temp;

    @ParameterizedTest
    @CsvSource({"int4:32, q4_0", "int8:32, q8_0", "bf16, bf16", "f16, f16", "f32, f32"})
    void carriedOverAndBackItComputesTheSameBits(String type, String expected) {
        Path model = Exports.convert(Exports.TRAINED, type, temp.resolve("model.ingot"));
        Path file = temp.resolve("model.gguf");
        ExportResult result = Exports.gguf(model, file);
        assertEquals(expected, result.type());
        assertTrue(result.lossless(), result.tensors().toString());
        Path back = temp.resolve("back.ingot");
        Exports.convert(file, type, back);
        assertArrayEquals(Exports.logits(model), Exports.logits(back));
    }

    /** A scale of a larger group is repeated for every block of it. */
    @ParameterizedTest
    @CsvSource({
        "int4:64, q4_0",
        "int4:channel, q4_0",
        "int8:128, q8_0",
        "int8:channel, q8_0",
        "int3:32, q4_0",
        "int5:64, q5_0",
        "int6:32, q8_0",
        "iq4:32, iq4_nl"
    })
    void largerGroupsAreTheSameWeights(String type, String expected) {
        Path model = Exports.convert(Exports.TRAINED, type, temp.resolve("model.ingot"));
        Path file = temp.resolve("model.gguf");
        ExportResult result = Exports.gguf(model, file);
        assertEquals(expected, result.type());
        assertTrue(result.lossless());
        assertTrue(Exports.sameWeights(model, file));
    }

    @Test
    void quantizedFoldersAreCarriedOver() {
        Path model = Exports.convert(Exports.TRAINED, "int4:64", temp.resolve("model.ingot"));
        Path folder = temp.resolve("gptq");
        var kind = FolderExporter.Kind.GPTQ;
        Exports.folder(model, folder, FolderExporter.Options.of(kind));
        ExportResult result = Exports.gguf(folder, temp.resolve("model.gguf"));
        assertTrue(result.lossless());
        assertEquals("q4_0", result.type());
        Path again = temp.resolve("again.gguf");
        assertTrue(Exports.gguf(temp.resolve("model.gguf"), again).lossless());
        assertTrue(Exports.sameWeights(model, again));
    }

    @Test
    void whatNoTypeHoldsIsRoundedToANamedDefault() {
        Path model = Exports.convert(Exports.TRAINED, "nf4", temp.resolve("model.ingot"));
        ExportResult result = Exports.gguf(model, temp.resolve("model.gguf"));
        assertEquals("q6_k", result.type());
        for (ExportResult.Tensor t : result.tensors()) {
            boolean linear = t.name().endsWith("_proj.weight");
            assertEquals(linear ? "q6_k" : t.storedAs().startsWith("int8") ? "q8_0" : "f32", t.type(), t.name());
            assertEquals(!linear, t.lossless(), t.name());
        }
    }

    /** Blocks of a file llama-quantize made (golden-outputs/gguf/README.md) are copied, also into several files. */
    @Test
    void blocksOfAnotherGgufAreCopied() {
        Path theirs = Exports.ROOT.resolve("gguf/qwen3-6m-q4_k_m.gguf");
        var options = GgufExporter.Options.defaults().withSplitBytes(1_000_000);
        var result = new GgufExporter(options).export(theirs, temp.resolve("x.gguf"), Progress.none());
        assertTrue(result.lossless() && result.files().size() > 2, result.toString());
        assertArrayEquals(Exports.logits(theirs), Exports.logits(result.files().getFirst()));
    }

    static List<String> types() {
        return Stream.of(GgmlType.values())
                .filter(t -> t.packed().isPresent())
                .map(t -> t.name().toLowerCase(Locale.ROOT))
                .toList();
    }

    /** The stated error is the error there is, for any number of threads; the head has 6 bits at least. */
    @ParameterizedTest
    @MethodSource("types")
    void everyBlockTypeIsWrittenAsStated(String type) throws IOException {
        Path file = temp.resolve("model.gguf");
        ExportResult result = Exports.gguf(Exports.TRAINED, file, type);
        var rows = Comparison.compare(Exports.TRAINED, file, Progress.none()).tensors();
        for (int i = 0; i < rows.size(); i++) {
            ExportResult.Tensor t = result.tensors().get(i);
            assertEquals(rows.get(i).nmse(), t.nmse(), 1e-6 * t.nmse(), t.name());
            if (t.name().endsWith("_proj.weight")) {
                assertEquals(type, rows.get(i).typeB(), t.name());
            }
        }
        assertEquals(
                type.equals("q8_0") ? "q8_0" : "q6_k",
                result.tensors().getFirst().type());
        Path single = temp.resolve("single.gguf");
        new GgufExporter(GgufExporter.Options.defaults().withType(type).withThreads(1))
                .export(Exports.TRAINED, single, Progress.none());
        // The name is that of the folder, the same in both.
        assertEquals(-1, Files.mismatch(file, single));
    }

    /** Rows of 64 and 176: no whole blocks of 256, and 176 none of 32. */
    @Test
    void rowsThatAreNoWholeBlocksFallBackAsInLlamaCpp() {
        Map<String, String> fallback =
                Map.of("q4_k", "q5_0", "q5_k", "q5_1", "q6_k", "q8_0", "iq4_xs", "iq4_nl", "q4_0", "q4_0");
        fallback.forEach((asked, stored) -> {
            ExportResult result = Exports.gguf(Exports.TINY, temp.resolve(asked + ".gguf"), asked);
            for (ExportResult.Tensor t : result.tensors()) {
                if (t.name().endsWith("down_proj.weight")) {
                    assertEquals("f16", t.type(), t.name());
                } else if (t.name().endsWith("_proj.weight")) {
                    assertEquals(stored, t.type(), t.name());
                }
            }
        });
    }

    @Test
    void rulesByNameComeFirst() {
        var options = GgufExporter.Options.defaults()
                .withType("q4_0")
                .withKeep(List.of("v_proj=Q6_K", "embed=f16", "layers\\.0=f32"));
        var result = new GgufExporter(options).export(Exports.TRAINED, temp.resolve("x.gguf"), Progress.none());
        for (ExportResult.Tensor t : result.tensors()) {
            String expected = t.name().contains("v_proj")
                    ? "q6_k"
                    : t.name().contains("embed")
                            ? "f16"
                            : !t.name().endsWith("_proj.weight") || t.name().contains("layers.0.") ? "f32" : "q4_0";
            assertEquals(expected, t.type(), t.name());
        }
        for (String rule : List.of("v_proj", "=f16", "(=f16", "v=q3")) {
            var wrong = new GgufExporter(options.withKeep(List.of(rule)));
            Path target = temp.resolve("y.gguf");
            assertThrows(
                    IngotException.Usage.class, () -> wrong.export(Exports.TRAINED, target, Progress.none()), rule);
        }
    }

    /** All fields that the arithmetic reads come back, and the tokenizer with its template. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "checkpoints/qwen2-e2e",
                "checkpoints/qwen2-tied-f32",
                "checkpoints/qwen2-yarn-hub",
                "checkpoints/qwen3-tied-bf16",
                "models/qwen3-6m-gutenberg"
            })
    void configurationAndTokenizerComeBack(String name) throws IOException {
        Path folder = Exports.ROOT.resolve(name);
        Path file = temp.resolve("model.gguf");
        Exports.gguf(folder, file);
        try (GgufModel gguf = GgufModel.open(file);
                HfFolder hf = HfFolder.open(folder)) {
            assertEquals(ModelConfigs.read(hf.config(), file), ModelConfigs.read(gguf.config(), file));
            var expected = GenerationDefaults.read(hf.generationConfig(), hf.config());
            var actual = GenerationDefaults.read(gguf.generationConfig(), gguf.config());
            assertEquals(expected.doSample(), actual.doSample());
            if (TokenizerReader.isPresent(folder)) {
                TokenizerData before = TokenizerReader.read(folder);
                TokenizerData after = gguf.tokenizer().orElseThrow();
                assertEquals(before.vocabulary(), after.vocabulary());
                assertEquals(before.merges(), after.merges());
                assertEquals(before.addedTokens(), after.addedTokens());
                assertEquals(before.preTokenization(), after.preTokenization());
                assertEquals(before.config().eosToken(), after.config().eosToken());
                assertEquals(before.config().chatTemplates(), after.config().chatTemplates());
            } else {
                assertTrue(gguf.tokenizer().isEmpty());
            }
        }
        assertTrue(Exports.sameWeights(folder, file));
    }

    /** Experts of a layer are one tensor of three dimensions; reading takes it apart again. */
    @ParameterizedTest
    @ValueSource(strings = {"checkpoints/qwen2_moe-a", "checkpoints/qwen3_moe-a"})
    void modelsWithExpertsOfWhichLlamaCppKnowsAllCanBeWritten(String name) {
        Path folder = Exports.ROOT.resolve(name);
        Path file = temp.resolve("model.gguf");
        try {
            Exports.gguf(folder, file);
        } catch (IngotException.ConfigMismatch e) {
            assertTrue(e.getMessage().contains("experts in every layer"), e.getMessage());
            return;
        }
        assertTrue(Exports.sameWeights(folder, file));
        try (GgufFile gguf = GgufFile.open(file)) {
            assertEquals(
                    3, gguf.tensors().get("blk.0.ffn_up_exps.weight").shape().rank());
        }
    }

    @Test
    void splitFilesAreOneModel() throws IOException {
        Path whole = temp.resolve("whole.gguf");
        Path split = temp.resolve("split.gguf");
        Exports.gguf(Exports.TRAINED, whole);
        var options = GgufExporter.Options.defaults().withSplitBytes(3_000_000);
        var result = new GgufExporter(options).export(Exports.TRAINED, split, Progress.none());
        assertEquals(4, result.files().size());
        Path first = temp.resolve("split-00001-of-00004.gguf");
        assertEquals(first, result.files().getFirst());
        for (Path file : result.files()) {
            assertTrue(Files.size(file) < 3_000_000 + 200_000, file + " " + Files.size(file));
        }
        assertTrue(Exports.sameWeights(whole, first));
        assertArrayEquals(Exports.logits(whole), Exports.logits(temp.resolve("split-00003-of-00004.gguf")));
        assertThrows(
                IngotException.CannotCreate.class,
                () -> new GgufExporter(options).export(Exports.TRAINED, split, Progress.none()));
    }

    @ParameterizedTest
    @CsvSource({
        "checkpoints/qwen1-safetensors, is not exported to GGUF",
        "checkpoints/qwen3_5-a, is not exported to GGUF",
        "checkpoints/qwen3_next-a, is not exported to GGUF",
        "checkpoints/qwen2-swa-yarn, sliding window"
    })
    void whatLlamaCppCannotComputeIsRefusedInOneLine(String name, String reason) throws IOException {
        Path folder = Exports.ROOT.resolve(name);
        Path file = temp.resolve("model.gguf");
        var e = assertThrows(IngotException.ConfigMismatch.class, () -> Exports.gguf(folder, file));
        assertTrue(e.getMessage().contains(reason) && e.getMessage().lines().count() == 1, e.getMessage());
        try (Stream<Path> left = Files.list(temp)) {
            assertEquals(0, left.count());
        }
    }

    @Test
    void weightsTooLargeForTheTypeAreRefused() throws IOException {
        Path folder = temp.resolve("large");
        Exports.folder(
                Exports.TINY,
                folder,
                FolderExporter.Options.of(FolderExporter.Kind.HF).withType("f32"));
        Path weights = folder.resolve("model.safetensors");
        long at;
        try (SafetensorsFile file = SafetensorsFile.open(weights)) {
            at = file.tensors().get("model.layers.1.self_attn.q_proj.weight").offset();
        }
        byte[] bytes = Files.readAllBytes(weights);
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putFloat((int) at + 40, 1e30f);
        Files.write(weights, bytes);
        for (String type : types()) {
            Path file = temp.resolve(type + ".gguf");
            var e = assertThrows(IngotException.BadData.class, () -> Exports.gguf(folder, file, type), type);
            assertTrue(e.getMessage().contains("model.layers.1.self_attn.q_proj.weight"), e.getMessage());
            assertTrue(e.getMessage().contains("65504"), e.getMessage());
            assertFalse(Files.exists(file));
        }
        assertTrue(Exports.gguf(folder, temp.resolve("f32.gguf"), "f32").lossless());
    }
}
