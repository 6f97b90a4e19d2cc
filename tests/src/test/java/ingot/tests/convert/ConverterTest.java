package ingot.tests.convert;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.Numbers;
import ingot.formats.Progress;
import ingot.formats.hf.HfFolder;
import ingot.formats.ingot.IngotFile;
import ingot.formats.safetensors.SafetensorsFile;
import ingot.quant.ConvertOptions;
import ingot.quant.ConvertResult;
import ingot.quant.Converter;
import ingot.quant.FolderExporter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ConverterTest {
    private static final Path GOLDEN = Path.of(System.getProperty("ingot.root"), "golden-outputs");
    private static final Path TRAINED = GOLDEN.resolve("models/qwen3-6m-gutenberg");

    @TempDir
    Path temp;

    private Path convert(Path source, String type, int threads) {
        Path out = temp.resolve(type.replace(':', '-') + "-" + threads + ".ingot");
        ConvertOptions options = ConvertOptions.of(ConvertOptions.layout(type)).withThreads(threads);
        new Converter(options).convert(source, out, Progress.none());
        return out;
    }

    /** A source tensor as f32, read through the file's own bytes. */
    private static float[] source(HfFolder folder, String name) {
        var info = folder.weights().tensors().get(name);
        byte[] bytes = new byte[(int) info.bytes()];
        folder.weights().read(info, 0, MemorySegment.ofArray(bytes));
        float[] out = new float[(int) info.shape().count()];
        Numbers.toF32(info.dtype(), MemorySegment.ofArray(bytes), 0, out, 0, out.length);
        return out;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "checkpoints/qwen2-tied-bf16",
                "checkpoints/qwen2-tied-f32",
                "checkpoints/qwen2-swa-yarn",
                "checkpoints/qwen2-yarn-hub",
                "checkpoints/qwen2-e2e",
                "checkpoints/qwen3-tied-bf16",
                "models/qwen3-6m-gutenberg"
            })
    void f32HoldsEveryWeightExactly(String name) throws Exception {
        Path folder = GOLDEN.resolve(name);
        StrangerReader stranger = new StrangerReader(convert(folder, "f32", 2));
        stranger.verifyChecksums();
        try (HfFolder hf = HfFolder.open(folder)) {
            assertTrue(stranger.weights.size() >= 10);
            for (var w : stranger.weights.values()) {
                assertArrayEquals(source(hf, w.name()), stranger.values(w), w.name());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "bf16, 0, 2e-6",
        "f16, 0, 1e-12",
        "int8, 0.5, 4e-5",
        "int8:channel, 0.5, 2e-4",
        "int4, 1, 0.01",
        "int4:64, 1, 0.011",
        "int4:128, 1, 0.013",
        "int3, 1, 0.06",
        "int5, 1, 0.003",
        "int6, 1, 0.0008",
        "int6:channel, 1, 0.003",
        "iq4, 0, 0.01",
        "iq4:64, 0, 0.011",
        "nf4, 0, 0.01",
        "nf4-dq, 0, 0.01"
    })
    void everyTypeDecodesToItsStatedError(String type, double maxSteps, double maxNmse) throws Exception {
        StrangerReader stranger = new StrangerReader(convert(TRAINED, type, 2));
        stranger.verifyChecksums();
        try (HfFolder hf = HfFolder.open(TRAINED)) {
            for (var w : stranger.weights.values()) {
                float[] x = source(hf, w.name());
                float[] y = stranger.values(w);
                double nmse = nmse(x, y);
                double stated = stranger.manifest
                        .get("tensors")
                        .valueStream()
                        .filter(t -> t.get("name").stringValue().equals(w.name()))
                        .findFirst()
                        .orElseThrow()
                        .get("nmse")
                        .doubleValue();
                assertEquals(nmse, stated, 1e-4 * nmse, w.name());
                assertTrue(nmse <= maxNmse, w.name() + " " + nmse);
                boolean rounded = w.shape().length == 2 && !type.equals("bf16"); // the source is bf16
                assertEquals(rounded, nmse > 0, "vectors are exact, matrices are not: " + w.name());
            }
        }
    }

    private static double nmse(float[] x, float[] y) {
        double mean = 0;
        for (float v : x) {
            mean += v;
        }
        mean /= x.length;
        double error = 0;
        double variance = 0;
        for (int i = 0; i < x.length; i++) {
            error += Math.pow((double) x[i] - y[i], 2);
            variance += Math.pow(x[i] - mean, 2);
        }
        return error == 0 ? 0 : error / variance;
    }

    @ParameterizedTest
    @ValueSource(strings = {"f32", "bf16", "int8", "int4", "int4:channel", "int3", "int6", "iq4:64", "nf4", "nf4-dq"})
    void sameBytesForAnyNumberOfThreads(String type) throws IOException {
        byte[] one = Files.readAllBytes(convert(TRAINED, type, 1));
        for (int threads : new int[] {2, 5}) {
            assertArrayEquals(one, Files.readAllBytes(convert(TRAINED, type, threads)), threads + " threads");
        }
    }

    @Test
    void embeddingStaysInt8AndKeepOverridesIt() {
        ConvertOptions int4 = ConvertOptions.of(ConvertOptions.layout("int4"));
        assertEquals("int8 g32", typeOf(new Converter(int4), "model.embed_tokens.weight"));
        assertEquals("int4 g32", typeOf(new Converter(int4), "model.layers.3.mlp.down_proj.weight"));
        assertEquals("f32", typeOf(new Converter(int4), "model.norm.weight"));
        ConvertOptions kept = int4.withKeep(java.util.List.of(
                ConvertOptions.Keep.parse("embed=f16"), ConvertOptions.Keep.parse("layers\\.[0-2]\\..*down=int8:64")));
        assertEquals("f16", typeOf(new Converter(kept), "model.embed_tokens.weight"));
        assertEquals("int8 g64", typeOf(new Converter(kept), "model.layers.2.mlp.down_proj.weight"));
        assertEquals("int4 g32", typeOf(new Converter(kept), "model.layers.3.mlp.down_proj.weight"));
    }

    @Test
    void smallTypesLeaveTheEmbeddingInt8ButKeepMaySayAny() {
        for (String type : java.util.List.of("int3", "int5", "int6:64", "iq4")) {
            ConvertOptions small = ConvertOptions.of(ConvertOptions.layout(type));
            assertEquals("int8 g32", typeOf(new Converter(small), "model.embed_tokens.weight"));
            ConvertOptions kept = small.withKeep(java.util.List.of(ConvertOptions.Keep.parse("embed=int6:64")));
            assertEquals("int6 g64", typeOf(new Converter(kept), "model.embed_tokens.weight"));
        }
        assertEquals(ConvertOptions.layout("int5"), ConvertOptions.layout("q5_0"));
        assertEquals(ConvertOptions.layout("iq4"), ConvertOptions.layout("iq4_nl"));
        var e = org.junit.jupiter.api.Assertions.assertThrows(
                ingot.formats.IngotException.Usage.class, () -> ConvertOptions.layout("nf4:64"));
        assertEquals("--group applies to int8, int6, int5, int4, int3 and iq4; nf4 has 64", e.getMessage());
    }

    @Test
    void rulesThatNameNoMatrixAreSaid() {
        Path experts = GOLDEN.resolve("checkpoints/qwen3_moe-a");
        ConvertOptions options = ConvertOptions.of(ConvertOptions.layout("int4"))
                .withKeep(java.util.List.of(
                        ConvertOptions.Keep.parse("down_prj=int8"),
                        ConvertOptions.Keep.parse("norm=f16"),
                        ConvertOptions.Keep.parse("mlp\\.gate\\.=int8"),
                        ConvertOptions.Keep.parse("down_proj=int8")));
        ConvertResult plan = new Converter(options).plan(experts, temp.resolve("a.ingot"));
        var warnings = plan.warnings();
        assertEquals(3, warnings.size(), warnings::toString);
        assertTrue(warnings.getFirst().contains("'down_prj' names no matrix"), warnings::toString);
        assertTrue(warnings.get(1).contains("'norm'"), warnings::toString);
        assertTrue(warnings.get(2).contains("'mlp"), warnings::toString);
    }

    /** Rows of 256 and 768 weights in groups of 512 and 1024. */
    @Test
    void groupsThatDoNotFitAreSaid() {
        for (String type : java.util.List.of("int4:512", "int8:1024")) {
            var plan = new Converter(ConvertOptions.of(ConvertOptions.layout(type)))
                    .plan(TRAINED, temp.resolve("a.ingot"));
            String group = type.substring(5);
            assertEquals(1, plan.warnings().size(), plan.warnings()::toString);
            assertTrue(
                    plan.warnings().getFirst().startsWith("groups of " + group + " do not fit the rows of "),
                    plan.warnings()::toString);
        }
        for (String type : java.util.List.of("int4:256", "int4:channel", "int8:32")) {
            var plan = new Converter(ConvertOptions.of(ConvertOptions.layout(type)))
                    .plan(TRAINED, temp.resolve("a.ingot"));
            assertEquals(java.util.List.of(), plan.warnings());
        }
    }

    private String typeOf(Converter converter, String tensor) {
        Path absent = temp.resolve("never-written.ingot");
        ConvertResult plan = converter.plan(TRAINED, absent);
        assertFalse(Files.exists(absent));
        return plan.tensors().stream()
                .filter(t -> t.name().equals(tensor))
                .findFirst()
                .orElseThrow()
                .type();
    }

    @Test
    void plainSafetensorsReaderListsAndLoadsIt() {
        try (SafetensorsFile plain = SafetensorsFile.open(convert(TRAINED, "bf16", 2));
                HfFolder hf = HfFolder.open(TRAINED)) {
            var tensor = plain.tensors().get("model.layers.0.mlp.up_proj.weight");
            var original = hf.weights().tensors().get("model.layers.0.mlp.up_proj.weight");
            assertEquals(original.shape(), tensor.shape());
            assertEquals(original.dtype(), tensor.dtype());
            byte[] a = new byte[(int) tensor.bytes()];
            byte[] b = new byte[(int) original.bytes()];
            plain.read(tensor, 0, MemorySegment.ofArray(a));
            hf.weights().read(original, 0, MemorySegment.ofArray(b));
            assertArrayEquals(b, a);
        }
    }

    @Test
    void anIngotConvertsAgainToTheSameWeights() throws IOException {
        Path f32 = convert(TRAINED, "f32", 2);
        StrangerReader direct = new StrangerReader(convert(TRAINED, "int4", 2));
        Path again = temp.resolve("again.ingot");
        new Converter(ConvertOptions.of(ConvertOptions.layout("int4"))).convert(f32, again, Progress.none());
        StrangerReader second = new StrangerReader(again);
        for (var w : direct.weights.values()) {
            assertArrayEquals(direct.values(w), second.values(second.weights.get(w.name())), w.name());
        }
        assertEquals(direct.manifest.get("config"), second.manifest.get("config"));
    }

    @Test
    void goldenIsEmbedded() throws IOException {
        Path out = temp.resolve("g.ingot");
        Path golden = TRAINED.resolve("golden.safetensors");
        ConvertOptions options =
                ConvertOptions.of(ConvertOptions.layout("int8")).withGolden(golden);
        new Converter(options).convert(TRAINED, out, Progress.none());
        StrangerReader stranger = new StrangerReader(out);
        try (SafetensorsFile original = SafetensorsFile.open(golden)) {
            original.tensors()
                    .forEach((name, t) -> assertArrayEquals(
                            t.shape().dims(),
                            stranger.tensors.get("golden." + name).shape()));
        }
        try (IngotFile file = IngotFile.open(out)) {
            file.verify(Progress.none());
        }
    }

    @Test
    void exportGivesTheCheckpointBack() throws IOException {
        Path folder = temp.resolve("hf");
        var result = new FolderExporter(FolderExporter.Options.of(FolderExporter.Kind.HF))
                .export(convert(TRAINED, "bf16", 2), folder, Progress.none());
        assertTrue(result.lossless());
        assertEquals("bf16", result.type());
        try (HfFolder original = HfFolder.open(TRAINED);
                HfFolder exported = HfFolder.open(folder)) {
            assertEquals(original.config(), exported.config());
            for (String name : exported.weights().tensors().keySet()) {
                assertArrayEquals(source(original, name), source(exported, name), name);
            }
        }
        // And the exported folder converts to the same weights as the original one.
        StrangerReader a = new StrangerReader(convert(TRAINED, "f32", 1));
        Path again = temp.resolve("from-export.ingot");
        new Converter(ConvertOptions.of(ConvertOptions.layout("f32"))).convert(folder, again, Progress.none());
        StrangerReader b = new StrangerReader(again);
        for (var w : a.weights.values()) {
            assertArrayEquals(a.values(w), b.values(b.weights.get(w.name())), w.name());
        }
    }
}
