package ingot.tests.quantized;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.hf.HfFolder;
import ingot.quant.ConvertOptions;
import ingot.quant.Converter;
import ingot.runtime.Model;
import ingot.runtime.Session;
import ingot.tests.quantized.IntegerMethods.Zeros;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Folders as publishers make them: every family that is published quantized, with the {@code quantization_config} of its
 * model card's files, field by field; only group and block sizes are those of small models.
 */
final class PublishedFoldersTest {
    private static final Path CHECKPOINTS = Path.of(System.getProperty("ingot.root"), "golden-outputs/checkpoints");
    private static final int[] PROMPT = {3, 141, 59, 265, 35, 8, 97};

    @TempDir
    Path temp;

    /** Another configuration around a layout. */
    private record Labelled(Method layout, String config) implements Method {
        @Override
        public float[] put(FolderBuilder folder, String module, float[] weights, int out, Random random) {
            return layout.put(folder, module, weights, out, random);
        }
    }

    private static Method gptq(int bits, String config) {
        var layout = new IntegerMethods.Gptq(bits, 32, Zeros.V1_SYMMETRIC, false, true, "F16");
        return new Labelled(layout, config.formatted(bits));
    }

    private static boolean isQwen1Linear(String name) {
        return name.matches("transformer\\.h\\.[0-9]+\\.(attn|mlp)\\..*weight");
    }

    private static boolean isExpert(String name) {
        return name.contains(".experts.") && TinyModel.isLinear(name);
    }

    private static Arguments published(String what, String model, Predicate<String> linear, Method method) {
        return Arguments.of(what, model, linear, method);
    }

    static Stream<Arguments> published() {
        return Stream.of(
                published("Qwen-7B-Chat-Int4", "qwen1-safetensors", PublishedFoldersTest::isQwen1Linear, gptq(4, """
                        {"bits": %d, "group_size": 32, "damp_percent": 0.01, "desc_act": false, "static_groups": false,
                         "sym": true, "true_sequential": true, "model_name_or_path": null,
                         "model_file_base_name": "model", "quant_method": "gptq"}""")),
                published(
                        "Qwen-7B-Chat-Int8",
                        "qwen1-late-safetensors",
                        PublishedFoldersTest::isQwen1Linear,
                        gptq(8, """
                        {"bits": %d, "group_size": 32, "damp_percent": 0.01, "desc_act": false, "static_groups": false,
                         "sym": true, "true_sequential": true, "model_name_or_path": null,
                         "model_file_base_name": "model", "quant_method": "gptq", "use_exllama": true}""")),
                published("Qwen1.5-GPTQ-Int4", "qwen2-tied-bf16", TinyModel::isLinear, gptq(4, """
                        {"batch_size": 1, "bits": %d, "block_name_to_quantize": null, "cache_block_outputs": true,
                         "damp_percent": 0.01, "dataset": null, "desc_act": false, "exllama_config": {"version": 1},
                         "group_size": 32, "max_input_length": null, "model_seqlen": null,
                         "module_name_preceding_first_block": null, "modules_in_block_to_quantize": null,
                         "pad_token_id": null, "quant_method": "gptq", "sym": true, "tokenizer": null,
                         "true_sequential": true, "use_cuda_fp16": false, "use_exllama": true}""")),
                published("Qwen1.5-MoE-GPTQ-Int4", "qwen2_moe-a", TinyModel::isLinear, gptq(4, """
                        {"bits": %d, "group_size": 32, "damp_percent": 0.01, "desc_act": false, "static_groups": false,
                         "sym": true, "true_sequential": true, "model_name_or_path": null,
                         "model_file_base_name": "model", "quant_method": "gptq",
                         "modules_in_block_to_quantize": [["self_attn.k_proj"], ["mlp.shared_expert.up_proj"]]}""")),
                published("Qwen3-30B-A3B-GPTQ-Int4", "qwen3_moe-a", TinyModel::isLinear, gptq(4, """
                        {"bits": %d, "checkpoint_format": "gptq", "desc_act": false, "dynamic":
                         {"-:.*mlp\\\\.gate\\\\..*": {}}, "group_size": 32, "lm_head": false, "meta": {"damp_percent": 0.1,
                         "mse": 0.0, "quantizer": ["gptqmodel:2.2.0"], "static_groups": false, "true_sequential": true,
                         "uri": "x"}, "pack_dtype": "int32", "quant_method": "gptq", "sym": true}""")),
                published("Qwen3-AWQ", "qwen3-tied-bf16", TinyModel::isLinear, awq("\"modules_to_not_convert\": null")),
                published(
                        "Qwen3-30B-A3B-AWQ",
                        "qwen3_moe-a",
                        PublishedFoldersTest::isExpert,
                        awq("\"modules_to_not_convert\": [\"mlp.gate\", \"self_attn\"]")),
                published(
                        "Qwen3-FP8",
                        "qwen3-tied-bf16",
                        TinyModel::isLinear,
                        fp8("\"modules_to_not_convert\": [\"lm_head\"]")),
                published(
                        "Qwen3-30B-A3B-FP8",
                        "qwen3_moe-a",
                        TinyModel::isLinear,
                        fp8("\"ignored_layers\": [\"lm_head\", \"model.layers.0.mlp.gate\"]")),
                published(
                        "MoE by bitsandbytes",
                        "qwen3_moe-a",
                        TinyModel::isLinear,
                        new Labelled(new FloatMethods.Bnb4("nf4", 64, true), """
                        {"_load_in_4bit": true, "_load_in_8bit": false, "bnb_4bit_compute_dtype": "bfloat16",
                         "bnb_4bit_quant_storage": "uint8", "bnb_4bit_quant_type": "nf4",
                         "bnb_4bit_use_double_quant": true, "llm_int8_enable_fp32_cpu_offload": false,
                         "llm_int8_has_fp16_weight": false, "llm_int8_skip_modules": ["lm_head", "mlp.gate"],
                         "llm_int8_threshold": 6.0, "load_in_4bit": true, "load_in_8bit": false,
                         "quant_method": "bitsandbytes"}""")),
                published(
                        "MoE by bitsandbytes, int8",
                        "qwen2_moe-a",
                        PublishedFoldersTest::isExpert,
                        new FloatMethods.Bnb8()));
    }

    private static Method awq(String more) {
        return new Labelled(
                new IntegerMethods.Awq(32),
                "{\"backend\": \"autoawq\", \"bits\": 4, \"do_fuse\": false, \"exllama_config\": null, \"fuse_max_seq_len\": null,"
                        + " \"group_size\": 32, \"modules_to_fuse\": null, \"quant_method\": \"awq\", \"version\": \"gemm\","
                        + " \"zero_point\": true, " + more + "}");
    }

    private static Method fp8(String more) {
        return new Labelled(
                new FloatMethods.Fp8(false, "block", 32, 32, "BF16"),
                "{\"activation_scheme\": \"dynamic\", \"fmt\": \"e4m3\", \"quant_method\": \"fp8\","
                        + " \"weight_block_size\": [32, 32], " + more + "}");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("published")
    void runsAndConvertsAsTheWeightsItMeans(String what, String model, Predicate<String> linear, Method method) {
        TinyModel.Pair pair = new TinyModel(CHECKPOINTS.resolve(model), linear).write(temp, method);
        float[] expected = logits(pair.plain());
        assertArrayEquals(expected, logits(pair.quantized()));
        Path file = temp.resolve("model.ingot");
        var options = ConvertOptions.of(ConvertOptions.layout("f32")).withSame(true);
        new Converter(options)
                .convert(pair.quantized(), file, Progress.none())
                .tensors()
                .forEach(t -> assertEquals(0, t.nmse().orElseThrow(), t.name()));
        double scale = 0;
        double worst = 0;
        float[] converted = logits(file);
        for (int i = 0; i < expected.length; i++) {
            scale = Math.max(scale, Math.abs(expected[i]));
            worst = Math.max(worst, Math.abs(expected[i] - converted[i]));
        }
        assertTrue(worst <= 1e-4 * scale, worst + " of " + scale);
    }

    private static float[] logits(Path path) {
        try (Model model = Model.open(path);
                Session session = model.newSession()) {
            return session.forward(PROMPT).clone();
        }
    }

    /** GPTQModel's {@code dynamic}: modules of 8 bits, of 2 and of another group size among those of 4. */
    @Test
    void modulesOfOtherSettingsAreKnownByTheirShapes() {
        FolderBuilder folder = new FolderBuilder();
        Random random = new Random(5);
        float[] weights = LayoutsTest.random(64 * 96, random);
        float[] four = new IntegerMethods.Gptq(4, 32, Zeros.V1_SYMMETRIC, false, true, "F16")
                .put(folder, "four", weights, 64, random);
        float[] eight = new IntegerMethods.Gptq(8, 32, Zeros.V1_SYMMETRIC, false, true, "F16")
                .put(folder, "eight", weights, 64, random);
        float[] wide = new IntegerMethods.Gptq(4, 48, Zeros.V1_SYMMETRIC, false, false, "F16")
                .put(folder, "wide", weights, 64, random);
        float[] two = new IntegerMethods.Gptq(2, 32, Zeros.V1_ASYMMETRIC, true, true, "F16")
                .put(folder, "two", weights, 64, random);
        folder.write(
                temp,
                dynamic("\"+:eight\": {\"bits\": 8}, \"(a+)+$\": {\"bits\": 2, \"sym\": false}, "
                        + "\"+:wide\": {\"group_size\": 48}, \"-:lm_head\": {}"));
        try (HfFolder opened = HfFolder.open(temp)) {
            assertArrayEquals(four, TinyModel.read(opened.weights(), "four.weight"));
            assertArrayEquals(eight, TinyModel.read(opened.weights(), "eight.weight"));
            assertArrayEquals(wide, TinyModel.read(opened.weights(), "wide.weight"));
            assertArrayEquals(two, TinyModel.read(opened.weights(), "two.weight"));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'\"+:x\": {\"bits\": 2}' | fits none of the settings in 'dynamic'",
                "'\"+:x\": {\"bits\": 8, \"group_size\": 33}, \"y\": {\"bits\": 8}' | fits 2 different ones",
                "'\"+:x\": {\"bits\": 5}' | dynamic.+:x.bits",
                "'\"+:x\": {\"adapter\": {\"rank\": 8}}' | an adapter beside the quantized weights"
            })
    void dynamicSettingsThatDoNotTellAreRefused(String rules, String message) {
        FolderBuilder folder = new FolderBuilder();
        Random random = new Random(5);
        new IntegerMethods.Gptq(8, 32, Zeros.V1_SYMMETRIC, false, false, "F16")
                .put(folder, "m", LayoutsTest.random(64 * 96, random), 64, random);
        folder.write(temp, dynamic(rules));
        var e = assertThrows(
                IngotException.ConfigMismatch.class, () -> HfFolder.open(temp).close());
        assertTrue(e.getMessage().contains(message), e.getMessage());
    }

    private static String dynamic(String rules) {
        return "{\"quantization_config\": {\"quant_method\": \"gptq\", \"bits\": 4, \"group_size\": 32, \"sym\": true, \"dynamic\": {"
                + rules + "}}}";
    }

    /** Experts as one FP8 tensor with the factors of its blocks, in a composite configuration. */
    @Test
    void fusedExpertsOfFp8HaveFusedFactors() {
        FolderBuilder folder = fusedExperts(64);
        folder.floats("m.experts.gate_up_proj_scale_inv", "F32", new float[] {1, 2, 3, 4}, 2, 2, 1);
        folder.write(temp, FUSED);
        try (HfFolder opened = HfFolder.open(temp)) {
            assertArrayEquals(all(32 * 32, 1.5f), TinyModel.read(opened.weights(), "m.experts.0.gate_proj.weight"));
            assertArrayEquals(all(32 * 32, 3f), TinyModel.read(opened.weights(), "m.experts.0.up_proj.weight"));
            assertArrayEquals(all(32 * 32, 6f), TinyModel.read(opened.weights(), "m.experts.1.up_proj.weight"));
            assertArrayEquals(all(32 * 32, 9f), TinyModel.read(opened.weights(), "m.experts.1.down_proj.weight"));
            assertTrue(!opened.config().toString().contains("quantization_config"));
        }
    }

    /** Blocks across the border of gate and up belong to neither. */
    @Test
    void blocksAcrossTheBorderOfHalvesAreRefused() {
        FolderBuilder folder = fusedExperts(96);
        folder.floats("m.experts.gate_up_proj_scale_inv", "F32", new float[6], 2, 3, 1);
        folder.write(temp, FUSED);
        var e = assertThrows(
                IngotException.ConfigMismatch.class, () -> HfFolder.open(temp).close());
        assertTrue(e.getMessage().contains("without factors"), e.getMessage());
    }

    private static final String FUSED =
            "{\"text_config\": {\"quantization_config\": {\"quant_method\": \"fp8\", \"weight_block_size\": [32, 32]}}}";

    private static FolderBuilder fusedExperts(int rows) {
        FolderBuilder folder = new FolderBuilder();
        byte[] codes = new byte[2 * rows * 32];
        Arrays.fill(codes, (byte) 0x3c); // 1.5
        folder.put("m.experts.gate_up_proj", "F8_E4M3", codes, 2, rows, 32);
        folder.put("m.experts.down_proj", "F8_E4M3", Arrays.copyOf(codes, 2 * 32 * 32), 2, 32, 32);
        folder.floats("m.experts.down_proj_scale_inv", "F32", new float[] {5, 6}, 2, 1, 1);
        return folder;
    }

    private static float[] all(int n, float value) {
        float[] values = new float[n];
        Arrays.fill(values, value);
        return values;
    }

    /** Where the only index has another name, it is the one that is meant. */
    @Test
    void anIndexOfAnotherNameIsFound() throws Exception {
        Path from = CHECKPOINTS.resolve("qwen1-bin-sharded");
        for (int i = 1; i <= 2; i++) {
            String name = "pytorch_model-0000" + i + "-of-00002.bin";
            Files.copy(from.resolve(name), temp.resolve(name));
        }
        Files.copy(from.resolve("config.json"), temp.resolve("config.json"));
        Files.copy(from.resolve("pytorch_model.bin.index.json"), temp.resolve("pytorch_model.fp16.bin.index.json"));
        try (HfFolder opened = HfFolder.open(temp)) {
            assertEquals(2, opened.weightFiles().size());
        }
        Files.copy(from.resolve("pytorch_model.bin.index.json"), temp.resolve("other.bin.index.json"));
        var e = assertThrows(
                IngotException.MissingInput.class, () -> HfFolder.open(temp).close());
        assertTrue(e.getMessage().contains("other.bin.index.json"), e.getMessage());
    }
}
