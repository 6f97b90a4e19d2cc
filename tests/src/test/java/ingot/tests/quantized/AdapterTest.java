package ingot.tests.quantized;

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
import ingot.tests.torch.Pickle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** LoRA adapters, merged in double by another hand. */
final class AdapterTest {
    private static final String BASE = "base_model.model.";
    private static final String LAYER = "model.layers.1.";

    @TempDir
    Path temp;

    private Path base = TinyModel.FOLDER;
    private TinyModel model = new TinyModel();
    private final FolderBuilder adapter = new FolderBuilder();
    private final Map<String, double[]> expected = new TreeMap<>();
    private final Random random = new Random(23);

    private float[] matrix(String name, int rows, int cols, String type) {
        float[] values = new float[rows * cols];
        for (int i = 0; i < values.length; i++) {
            values[i] = Rounded.BF16.of(random.nextGaussian() * 0.1);
        }
        adapter.floats(name, type, values, rows, cols);
        return values;
    }

    /** Adds a pair for a linear layer; {@code turned} for a base stored as [in, out]. */
    private void pair(String module, int rank, double scaling, boolean turned, String middle) {
        TinyModel.Weight w = model.weights.get(module + ".weight");
        int out = (int) w.shape()[turned ? 1 : 0];
        int in = (int) w.shape()[turned ? 0 : 1];
        float[] a = matrix(BASE + module + ".lora_A" + middle + ".weight", rank, in, "BF16");
        float[] b = matrix(BASE + module + ".lora_B" + middle + ".weight", out, rank, "F32");
        double[] merged = new double[out * in];
        for (int o = 0; o < out; o++) {
            for (int i = 0; i < in; i++) {
                double sum = 0;
                for (int j = 0; j < rank; j++) {
                    sum += (double) b[o * rank + j] * a[j * in + i];
                }
                int at = turned ? i * out + o : o * in + i;
                merged[at] = w.values()[at] + scaling * sum;
            }
        }
        expected.put(module + ".weight", merged);
    }

    private Path write(String config) throws IOException {
        Path folder = Files.createDirectories(temp.resolve("adapter"));
        Files.writeString(folder.resolve("adapter_config.json"), config);
        adapter.writeFile(folder.resolve("adapter_model.safetensors"));
        return folder;
    }

    private void check(Path folder) {
        try (AdapterSource merged = AdapterSource.open(HfFolder.open(base).weights(), folder)) {
            assertEquals(model.weights.keySet(), merged.tensors().keySet());
            model.weights.forEach((name, w) -> {
                float[] got = TinyModel.read(merged, name);
                double[] want = expected.get(name);
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
        pair(LAYER + "self_attn.q_proj", 7, 16.0 / 7, false, "");
        pair(LAYER + "mlp.down_proj", 3, 5.0 / 3, false, ".default");
        pair("model.layers.0.mlp.up_proj", 3, 16.0 / 3, false, "");
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
        model = new TinyModel(base, TinyModel::isLinear);
        for (String name : model.weights.keySet()) {
            if (name.startsWith("model.layers.0.") && TinyModel.isLinear(name)) {
                pair(name.substring(0, name.length() - ".weight".length()), 3, 2.0, false, "");
            }
        }
        assertTrue(expected.size() > 20);
        check(write("{\"r\":3,\"lora_alpha\":6,\"target_modules\":\"all-linear\"}"));
    }

    /** adapter_model.bin of PEFT before 0.6, by torch's zip layout. */
    @Test
    void anAdapterSavedByTorchIsMerged() throws IOException {
        pair(LAYER + "self_attn.q_proj", 7, 2.0, false, "");
        pair(LAYER + "mlp.down_proj", 7, 2.0, false, "");
        Path folder = write("{\"r\":7,\"lora_alpha\":14}");
        Files.delete(folder.resolve("adapter_model.safetensors"));
        writeTorch(folder.resolve("adapter_model.bin"));
        check(folder);
    }

    private void writeTorch(Path file) throws IOException {
        Pickle p = Pickle.begin().op("}(");
        int key = 0;
        for (var t : adapter.tensors.entrySet()) {
            long[] shape = t.getValue().shape();
            String type = t.getValue().dtype().equals("F32") ? "FloatStorage" : "BFloat16Storage";
            p.text(t.getKey())
                    .tensor(type, Integer.toString(key++), shape[0] * shape[1], shape, new long[] {shape[1], 1});
        }
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            stored(zip, "adapter_model/data.pkl", p.op("u").stop());
            key = 0;
            for (var t : adapter.tensors.values()) {
                stored(zip, "adapter_model/data/" + key++, t.bytes());
            }
            stored(zip, "adapter_model/version", new byte[] {'3'});
        }
    }

    private static void stored(ZipOutputStream zip, String name, byte[] data) throws IOException {
        ZipEntry entry = new ZipEntry(name);
        CRC32 crc = new CRC32();
        crc.update(data);
        entry.setMethod(ZipEntry.STORED);
        entry.setCrc(crc.getValue());
        entry.setSize(data.length);
        zip.putNextEntry(entry);
        zip.write(data);
    }

    @Test
    void rankStabilizedScalingDividesByTheRoot() throws IOException {
        pair(LAYER + "self_attn.v_proj", 4, 6.0 / 2, false, "");
        check(write("{\"r\":4,\"lora_alpha\":6,\"use_rslora\":true}"));
    }

    @Test
    void fanInFanOutIsIgnoredAsPeftDoes() throws IOException {
        pair(LAYER + "self_attn.k_proj", 5, 10.0 / 5, false, ""); // [64, 64]
        pair(LAYER + "mlp.up_proj", 5, 10.0 / 5, false, "");
        pair(LAYER + "mlp.gate_proj", 5, 10.0 / 5, true, ""); // [176, 64] fits as [in, out] only
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
        matrix(BASE + "model.embed_tokens.lora_embedding_A", 3, 7, "F32");
        matrix(BASE + "model.embed_tokens.lora_embedding_B", 6, 3, "F32");
        Path folder = write("{\"r\":3}");
        try (AdapterSource merged = AdapterSource.open(HfFolder.open(tied).weights(), folder)) {
            assertEquals(1, merged.warnings().size());
            assertTrue(merged.warnings().getFirst().contains("is the output head as well"));
        }
        adapter.floats(BASE + "lm_head.modules_to_save.weight", "F32", new float[7 * 6], 7, 6);
        write("{\"r\":3}");
        try (HfFolder base = HfFolder.open(tied)) {
            var e = assertThrows(IngotException.ConfigMismatch.class, () -> AdapterSource.open(base.weights(), folder));
            assertTrue(e.getMessage().contains("the base has no output head of its own"), e.getMessage());
        }
    }

    @Test
    void ranksAreBounded() throws IOException {
        pair(LAYER + "self_attn.o_proj", 2, 8.0, false, "");
        Path folder = write("{\"r\":4097}");
        try (HfFolder base = HfFolder.open(TinyModel.FOLDER)) {
            var e = assertThrows(IngotException.BadData.class, () -> AdapterSource.open(base.weights(), folder));
            assertTrue(e.getMessage().contains("from 1 to 4096"), e.getMessage());
        }
    }

    @Test
    void embeddingsAndWholeModules() throws IOException {
        TinyModel.Weight embedding = model.weights.get("model.embed_tokens.weight");
        int vocab = embedding.rows();
        float[] a = matrix(BASE + "model.embed_tokens.lora_embedding_A", 3, vocab, "F32");
        float[] b = matrix(BASE + "model.embed_tokens.lora_embedding_B", 64, 3, "F32");
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
        expected.put("model.embed_tokens.weight", merged);
        float[] norm = new float[64];
        double[] same = new double[64];
        for (int i = 0; i < 64; i++) {
            norm[i] = i / 64f;
            same[i] = norm[i];
        }
        adapter.floats(BASE + "model.norm.modules_to_save.weight", "F16", norm, 64);
        expected.put("model.norm.weight", same);
        check(write("{\"r\":3,\"lora_alpha\":12,\"modules_to_save\":[\"norm\"]}"));
    }

    @Test
    void convertMergesAndRecordsIt() throws IOException {
        pair(LAYER + "self_attn.o_proj", 2, 8.0, false, "");
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
            double[] want = expected.get(LAYER + "self_attn.o_proj.weight");
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
        pair(LAYER + "self_attn.o_proj", 2, 8.0, false, "");
        refused(config, named);
    }

    /** Each key is compared with each module. */
    @Test
    void refusesMoreKeysThanAnyAdapterHas() throws IOException {
        pair(LAYER + "self_attn.o_proj", 2, 8.0, false, "");
        String keys =
                IntStream.rangeClosed(0, 1000).mapToObj(i -> "\"a" + i + "\":2").collect(Collectors.joining(","));
        refused("{\"r\":2,\"rank_pattern\":{" + keys + "}}", "1001 keys; at most 1000");
    }

    @Test
    void refusesTensorsWithoutAPlace() throws IOException {
        adapter.floats(BASE + "model.layers.9.mlp.up_proj.lora_A.weight", "F32", new float[128], 2, 64);
        adapter.floats(BASE + "model.layers.9.mlp.up_proj.lora_B.weight", "F32", new float[352], 176, 2);
        refused("{\"r\":2}", "no tensor 'model.layers.9.mlp.up_proj.weight'");
        adapter.tensors.clear();
        adapter.floats(BASE + LAYER + "mlp.up_proj.lora_A.weight", "F32", new float[126], 2, 63);
        adapter.floats(BASE + LAYER + "mlp.up_proj.lora_B.weight", "F32", new float[352], 176, 2);
        refused("{\"r\":2}", "[176, 63]");
        adapter.tensors.clear();
        adapter.floats(BASE + LAYER + "mlp.up_proj.lora_A.weight", "F32", new float[128], 2, 64);
        refused("{\"r\":2}", "one A and one B");
        adapter.floats(BASE + LAYER + "mlp.up_proj.lora_magnitude_vector", "F32", new float[176], 176);
        refused("{\"r\":2}", "DoRA");
        adapter.tensors.clear();
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
