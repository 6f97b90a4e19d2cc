package ingot.tests.quantized;

import static ingot.tests.quantized.AdapterBuilder.BASE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.cli.render.ConvertFormat;
import ingot.cli.render.ConvertView;
import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.adapter.AdapterSource;
import ingot.formats.hf.HfFolder;
import ingot.formats.ingot.IngotFile;
import ingot.formats.ingot.SourceFile;
import ingot.quant.ConvertOptions;
import ingot.quant.Converter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** LoRA adapters, merged in double by another hand. */
final class AdapterTest {
    private static final String LAYER = "model.layers.1.";

    @TempDir
    Path temp;

    private Path base = TinyModel.FOLDER;
    private AdapterBuilder adapter = new AdapterBuilder(new TinyModel());

    private Path write(String config) throws IOException {
        return adapter.write(Files.createDirectories(temp.resolve("adapter")), config);
    }

    private void check(Path folder) {
        try (AdapterSource merged = AdapterSource.open(HfFolder.open(base).weights(), folder)) {
            assertEquals(adapter.model.weights.keySet(), merged.tensors().keySet());
            adapter.model.weights.forEach((name, w) -> {
                float[] got = TinyModel.read(merged, name);
                double[] want = adapter.expected.get(name);
                assertEquals(want != null, merged.changes(name), name);
                for (int i = 0; i < got.length; i++) {
                    double exact = want == null ? w.values()[i] : want[i];
                    assertTrue(Math.abs(got[i] - exact) <= Math.ulp((float) exact), name + "[" + i + "]");
                }
            });
        }
    }

    @Test
    void mergesPairsWithTheirScaling() throws IOException {
        adapter.pair(LAYER + "self_attn.q_proj", 7, 16.0 / 7, false, "");
        adapter.pair(LAYER + "mlp.down_proj", 3, 5.0 / 3, false, ".default");
        adapter.pair("model.layers.0.mlp.up_proj", 3, 16.0 / 3, false, "");
        check(write("""
            {"peft_type":"LORA","r":7,"lora_alpha":16,"rank_pattern":{"down_proj":3,"layers.0.mlp.up_proj":3,"up_proj":4},
             "alpha_pattern":{"down_proj":5.0},"target_modules":"all-linear","bias":"none","use_dora":false,
             "init_lora_weights":true,"loftq_config":{}}\
            """));
    }

    /** Experts are linear layers like others: PEFT's all-linear takes every one of them. */
    @Test
    void expertsAreMerged() throws IOException {
        base = TinyModel.FOLDER.resolveSibling("qwen3_moe-a");
        TinyModel model = new TinyModel(base, TinyModel::isLinear);
        adapter = new AdapterBuilder(model);
        for (String name : model.weights.keySet()) {
            if (name.startsWith("model.layers.0.") && TinyModel.isLinear(name)) {
                adapter.pair(name.substring(0, name.length() - ".weight".length()), 3, 2.0, false, "");
            }
        }
        assertTrue(adapter.expected.size() > 20);
        check(write("{\"r\":3,\"lora_alpha\":6,\"target_modules\":\"all-linear\"}"));
    }

    /** adapter_model.bin of PEFT before 0.6, by torch's zip layout. */
    @Test
    void anAdapterSavedByTorchIsMerged() throws IOException {
        adapter.pair(LAYER + "self_attn.q_proj", 7, 2.0, false, "");
        adapter.pair(LAYER + "mlp.down_proj", 7, 2.0, false, "");
        Path folder = write("{\"r\":7,\"lora_alpha\":14}");
        Files.delete(folder.resolve("adapter_model.safetensors"));
        adapter.writeTorch(folder.resolve("adapter_model.bin"));
        check(folder);
    }

    @Test
    void rankStabilizedScalingDividesByTheRoot() throws IOException {
        adapter.pair(LAYER + "self_attn.v_proj", 4, 6.0 / 2, false, "");
        check(write("{\"r\":4,\"lora_alpha\":6,\"use_rslora\":true}"));
    }

    @Test
    void fanInFanOutIsIgnoredAsPeftDoes() throws IOException {
        adapter.pair(LAYER + "self_attn.k_proj", 5, 10.0 / 5, false, ""); // [64, 64]
        adapter.pair(LAYER + "mlp.up_proj", 5, 10.0 / 5, false, "");
        adapter.pair(LAYER + "mlp.gate_proj", 5, 10.0 / 5, true, ""); // [176, 64] fits as [in, out] only
        Path folder = write("{\"r\":5,\"lora_alpha\":10,\"fan_in_fan_out\":true}");
        check(folder);
        var options = ConvertOptions.of(ConvertOptions.layout("f32")).withAdapter(folder);
        var result = new Converter(options).convert(TinyModel.FOLDER, temp.resolve("a.ingot"), Progress.none());
        assertTrue(result.warnings().stream().anyMatch(w -> w.contains("fan_in_fan_out is ignored")), result::toString);
    }

    /** The embedding of a tied model is its output head. */
    @Test
    void tiedHeadsAreSpokenOf() throws IOException {
        Path tied = temp.resolve("tied");
        FolderBuilder plain = new FolderBuilder();
        plain.floats("model.embed_tokens.weight", "F32", new float[7 * 6], 7, 6);
        plain.write(tied, "{}");
        adapter.matrix(BASE + "model.embed_tokens.lora_embedding_A", 3, 7, "F32");
        adapter.matrix(BASE + "model.embed_tokens.lora_embedding_B", 6, 3, "F32");
        Path folder = write("{\"r\":3}");
        try (AdapterSource merged = AdapterSource.open(HfFolder.open(tied).weights(), folder)) {
            assertEquals(1, merged.warnings().size());
            assertTrue(merged.warnings().getFirst().contains("is the output head as well"));
        }
        adapter.folder.floats(BASE + "lm_head.modules_to_save.weight", "F32", new float[7 * 6], 7, 6);
        write("{\"r\":3}");
        try (HfFolder base = HfFolder.open(tied)) {
            var e = assertThrows(IngotException.ConfigMismatch.class, () -> AdapterSource.open(base.weights(), folder));
            assertTrue(e.getMessage().contains("the base has no output head of its own"), e.getMessage());
        }
    }

    @Test
    void ranksAreBounded() throws IOException {
        adapter.pair(LAYER + "self_attn.o_proj", 2, 8.0, false, "");
        Path folder = write("{\"r\":4097}");
        try (HfFolder base = HfFolder.open(TinyModel.FOLDER)) {
            var e = assertThrows(IngotException.BadData.class, () -> AdapterSource.open(base.weights(), folder));
            assertTrue(e.getMessage().contains("from 1 to 4096"), e.getMessage());
        }
    }

    @Test
    void embeddingsAndWholeModules() throws IOException {
        TinyModel.Weight embedding = adapter.model.weights.get("model.embed_tokens.weight");
        int vocab = embedding.rows();
        float[] a = adapter.matrix(BASE + "model.embed_tokens.lora_embedding_A", 3, vocab, "F32");
        float[] b = adapter.matrix(BASE + "model.embed_tokens.lora_embedding_B", 64, 3, "F32");
        double[] merged = new double[vocab * 64];
        for (int v = 0; v < vocab; v++) {
            for (int h = 0; h < 64; h++) {
                double sum = 0;
                for (int j = 0; j < 3; j++) {
                    sum += (double) b[h * 3 + j] * a[j * vocab + v];
                }
                merged[v * 64 + h] = embedding.values()[v * 64 + h] + 4.0 * sum;
            }
        }
        adapter.expected.put("model.embed_tokens.weight", merged);
        float[] norm = new float[64];
        double[] same = new double[64];
        for (int i = 0; i < 64; i++) {
            norm[i] = i / 64f;
            same[i] = norm[i];
        }
        adapter.folder.floats(BASE + "model.norm.modules_to_save.weight", "F16", norm, 64);
        adapter.expected.put("model.norm.weight", same);
        check(write("{\"r\":3,\"lora_alpha\":12,\"modules_to_save\":[\"norm\"]}"));
    }

    @Test
    void convertMergesAndRecordsIt() throws IOException {
        adapter.pair(LAYER + "self_attn.o_proj", 2, 8.0, false, "");
        Path folder = write("{\"r\":2,\"lora_alpha\":16}");
        Path file = temp.resolve("merged.ingot");
        var options = ConvertOptions.of(ConvertOptions.layout("f32")).withAdapter(folder);
        var result = new Converter(options).convert(TinyModel.FOLDER, file, Progress.none());
        var changed = result.tensors().stream()
                .filter(t -> t.note().equals("from bf16 with the adapter"))
                .toList();
        assertEquals(1, changed.size());
        assertEquals(LAYER + "self_attn.o_proj.weight", changed.getFirst().name());
        String summary = ConvertFormat.text(ConvertView.of(result, Duration.ZERO, false));
        assertTrue(summary.contains("\n1 tensor from bf16 with the adapter\n"), summary);
        try (IngotFile ingot = IngotFile.open(file)) {
            var weights = ingot.physical();
            float[] got = TinyModel.read(weights, LAYER + "self_attn.o_proj.weight");
            double[] want = adapter.expected.get(LAYER + "self_attn.o_proj.weight");
            for (int i = 0; i < got.length; i++) {
                assertTrue(Math.abs(got[i] - want[i]) <= Math.ulp((float) want[i]));
            }
            var hashed =
                    ingot.manifest().sources().stream().map(SourceFile::name).toList();
            assertTrue(hashed.contains("adapter_model.safetensors") && hashed.contains("adapter_config.json"));
        }
        assertThrows(
                IngotException.Usage.class,
                () -> new Converter(options.withOverwrite(true))
                        .convert(file, temp.resolve("again.ingot"), Progress.none()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"r\":2,\"use_dora\":true} | DoRA",
                "{\"r\":2,\"peft_type\":\"LOHA\"} | LOHA",
                "{\"r\":2,\"init_lora_weights\":\"pissa\"} | pissa",
                "{\"r\":2,\"lora_bias\":true} | lora_bias",
                "{\"r\":2,\"rank_pattern\":{\"(a+)+$\":4}} | rank_pattern",
                "{\"r\":2,\"target_parameters\":[\"experts\"]} | target_parameters",
                "{\"r\":3} | rank 3"
            })
    void refusesWhatItDoesNotCompute(String config, String named) throws IOException {
        adapter.pair(LAYER + "self_attn.o_proj", 2, 8.0, false, "");
        refused(config, named);
    }

    /** Each key is compared with each module. */
    @Test
    void refusesMoreKeysThanAnyAdapterHas() throws IOException {
        adapter.pair(LAYER + "self_attn.o_proj", 2, 8.0, false, "");
        String keys =
                IntStream.rangeClosed(0, 1000).mapToObj(i -> "\"a" + i + "\":2").collect(Collectors.joining(","));
        refused("{\"r\":2,\"rank_pattern\":{" + keys + "}}", "1001 keys; at most 1000");
    }

    @Test
    void refusesTensorsWithoutAPlace() throws IOException {
        adapter.folder.floats(BASE + "model.layers.9.mlp.up_proj.lora_A.weight", "F32", new float[128], 2, 64);
        adapter.folder.floats(BASE + "model.layers.9.mlp.up_proj.lora_B.weight", "F32", new float[352], 176, 2);
        refused("{\"r\":2}", "no tensor 'model.layers.9.mlp.up_proj.weight'");
        adapter.folder.tensors.clear();
        adapter.folder.floats(BASE + LAYER + "mlp.up_proj.lora_A.weight", "F32", new float[126], 2, 63);
        adapter.folder.floats(BASE + LAYER + "mlp.up_proj.lora_B.weight", "F32", new float[352], 176, 2);
        refused("{\"r\":2}", "[176, 63]");
        adapter.folder.tensors.clear();
        adapter.folder.floats(BASE + LAYER + "mlp.up_proj.lora_A.weight", "F32", new float[128], 2, 64);
        refused("{\"r\":2}", "one A and one B");
        adapter.folder.floats(BASE + LAYER + "mlp.up_proj.lora_magnitude_vector", "F32", new float[176], 176);
        refused("{\"r\":2}", "DoRA");
        adapter.folder.tensors.clear();
        refused("{\"r\":2}", "nothing to merge");
    }

    private void refused(String config, String named) throws IOException {
        Path folder = write(config);
        try (HfFolder base = HfFolder.open(TinyModel.FOLDER)) {
            var e = assertThrows(IngotException.ConfigMismatch.class, () -> AdapterSource.open(base.weights(), folder));
            assertTrue(e.getMessage().contains(named), e.getMessage());
        }
    }

    @Test
    void missingFilesAreNamed() throws IOException {
        Path empty = Files.createDirectories(temp.resolve("empty"));
        try (HfFolder base = HfFolder.open(TinyModel.FOLDER)) {
            assertThrows(IngotException.MissingInput.class, () -> AdapterSource.open(base.weights(), empty));
            Files.writeString(empty.resolve("adapter_config.json"), "{\"r\":2}");
            assertThrows(IngotException.MissingInput.class, () -> AdapterSource.open(base.weights(), empty));
        }
    }
}
