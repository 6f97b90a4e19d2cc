package ingot.tests.quantized;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.hf.HfFolder;
import ingot.tests.quantized.IntegerMethods.Zeros;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Folders that contradict themselves are refused with the kind of error that says why. */
final class HostileQuantizedTest {
    private static final Method GPTQ = new IntegerMethods.Gptq(4, 32, Zeros.V1_ASYMMETRIC, true, true, "F16");
    private static final Method PLAIN_GPTQ = new IntegerMethods.Gptq(4, 32, Zeros.V1_ASYMMETRIC, false, false, "F16");
    private static final Method AWQ = new IntegerMethods.Awq(32);
    private static final Method NF4 = new FloatMethods.Bnb4("nf4", 64, true);
    private static final Method INT8 = new FloatMethods.Bnb8();
    private static final Method PACKED = new IntegerMethods.Packed(4, 32, false, true, "F16");
    private static final Method FP8 = new FloatMethods.Fp8(false, "block", 128, 128, "F32");
    private static final Class<IngotException.BadData> BAD = IngotException.BadData.class;
    private static final Class<IngotException.ConfigMismatch> MISMATCH = IngotException.ConfigMismatch.class;

    @TempDir
    Path temp;

    private static Arguments lies(
            String what, Method method, Class<? extends IngotException> kind, Consumer<FolderBuilder> lie) {
        return Arguments.of(what, method, kind, lie);
    }

    private static Arguments lacks(String name, Method method) {
        return lies("without " + name, method, MISMATCH, f -> f.tensors.remove(name));
    }

    private static String nested(String size) {
        return "{\"shape\":[64,96],\"blocksize\":64,\"nested_blocksize\":" + size + "}";
    }

    private static void state(FolderBuilder f, String json) {
        byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
        f.put("m.weight.quant_state.bitsandbytes__nf4", "U8", bytes, bytes.length);
    }

    static Stream<Arguments> lies() {
        return Stream.of(
                lacks("m.scales", GPTQ),
                lacks("m.qzeros", GPTQ),
                lacks("m.qzeros", AWQ),
                lacks("m.weight.quant_map", NF4),
                lacks("m.weight.nested_absmax", NF4),
                lacks("m.weight.quant_state.bitsandbytes__nf4", NF4),
                lacks("m.weight", NF4),
                lacks("m.weight_shape", PACKED),
                lacks("m.weight_scale", PACKED),
                lacks("m.weight_zero_point", PACKED),
                lacks("m.weight", INT8),
                lies("nothing quantized", GPTQ, MISMATCH, f -> f.tensors.clear()),
                lies("g_idx too large", GPTQ, BAD, f -> f.tensors.get("m.g_idx").bytes()[4 * 5] = 3),
                lies("g_idx negative", GPTQ, BAD, f -> f.tensors.get("m.g_idx").bytes()[4 * 5 + 3] = (byte) 0x80),
                lies("g_idx short", GPTQ, MISMATCH, f -> f.ints("m.g_idx", new int[80], 80)),
                lies("g_idx empty", GPTQ, BAD, f -> f.ints("m.g_idx", new int[0], 0)),
                lies("scales of another width", GPTQ, BAD, f -> f.floats("m.scales", "F16", new float[93], 3, 31)),
                lies("scales of no group", GPTQ, MISMATCH, f -> f.floats("m.scales", "F16", new float[0], 0, 64)),
                lies("integer scales", GPTQ, BAD, f -> f.ints("m.scales", new int[192], 3, 64)),
                lies("zeros too short", GPTQ, BAD, f -> f.ints("m.qzeros", new int[21], 3, 7)),
                lies("qweight empty", GPTQ, BAD, f -> f.ints("m.qweight", new int[0], 0, 64)),
                lies("qweight of rank 1", GPTQ, BAD, f -> f.ints("m.qweight", new int[768], 768)),
                lies("other group size", PLAIN_GPTQ, MISMATCH, f -> f.floats("m.scales", "F16", new float[128], 2, 64)),
                lies("stored twice", GPTQ, BAD, f -> f.floats("m.weight", "F16", new float[1], 1, 1)),
                lies("awq of another width", AWQ, BAD, f -> f.floats("m.scales", "F16", new float[180], 3, 60)),
                lies("state is no JSON", NF4, BAD, f -> state(f, "{\"blocksize\":")),
                lies("state without blocksize", NF4, BAD, f -> state(f, "{\"shape\":[64,96]}")),
                lies("state of another shape", NF4, BAD, f -> state(f, "{\"shape\":[64,97],\"blocksize\":64}")),
                lies(
                        "state of a huge shape",
                        NF4,
                        BAD,
                        f -> state(f, "{\"shape\":[2147483647,16777216],\"blocksize\":64}")),
                lies("state of blocks of 0", NF4, BAD, f -> state(f, "{\"shape\":[64,96],\"blocksize\":0}")),
                lies(
                        "another type",
                        NF4,
                        BAD,
                        f -> state(f, "{\"quant_type\":\"fp4\",\"shape\":[64,96],\"blocksize\":64}")),
                lies("absmax of another block", NF4, BAD, f -> f.put("m.weight.absmax", "U8", new byte[7], 7)),
                lies("map of 15", NF4, BAD, f -> f.floats("m.weight.quant_map", "F32", new float[15], 15)),
                lies("tiled int8", INT8, MISMATCH, f -> f.put("m.weight_format", "U8", new byte[] {2})),
                lies("SCB of another length", INT8, BAD, f -> f.floats("m.SCB", "F32", new float[63], 63)),
                lies("weight_shape of other rows", PACKED, BAD, f -> f.longs("m.weight_shape", 63, 96)),
                lies("weight_shape of other columns", PACKED, MISMATCH, f -> f.longs("m.weight_shape", 64, 200)),
                lies("weight_shape of 2^62", PACKED, BAD, f -> f.longs("m.weight_shape", 64, 1L << 62)),
                lies("weight_shape negative", PACKED, BAD, f -> f.longs("m.weight_shape", 64, -96)),
                lies(
                        "weight_g_idx too large",
                        PACKED,
                        BAD,
                        f -> f.tensors.get("m.weight_g_idx").bytes()[0] = 9),
                lies("more columns than a row may have", INT8, BAD, f -> {
                    f.put("m.weight", "I8", new byte[(1 << 20) + 1], 1, (1 << 20) + 1);
                    f.floats("m.SCB", "F32", new float[1], 1);
                }),
                lies("nested scales without offset", NF4, BAD, f -> state(f, nested("1"))),
                lies("an infinite offset", NF4, BAD, f -> state(f, nested("256,\"nested_offset\":1e300"))),
                lies(
                        "4-bit codes of another length",
                        NF4,
                        BAD,
                        f -> f.floats("m.weight", "BF16", new float[64 * 96 / 2], 64 * 96 / 2, 1)),
                lies("zeros not packed", PACKED, BAD, f -> f.ints("m.weight_zero_point", new int[192], 64, 3)),
                lies(
                        "fp8 factors of other blocks",
                        FP8,
                        MISMATCH,
                        f -> f.floats("m.weight_scale_inv", "F32", new float[2], 1, 2)),
                lies("fp8 of another type", FP8, BAD, f -> f.put("m.weight", "U8", new byte[64 * 96], 64, 96)));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("lies")
    void refused(String what, Method method, Class<? extends IngotException> kind, Consumer<FolderBuilder> lie) {
        FolderBuilder folder = new FolderBuilder();
        Random random = new Random(3);
        method.put(folder, "m", LayoutsTest.random(64 * 96, random), 64, random);
        folder.write(temp, config(method));
        HfFolder.open(temp).close(); // it is the lie that is refused
        lie.accept(folder);
        folder.write(temp, config(method));
        var e = assertThrows(kind, () -> HfFolder.open(temp));
        assertTrue(e.getMessage().contains(temp.toString()), e.getMessage());
        assertEquals(1, e.getMessage().lines().count());
    }

    @Test
    void packedWidthsThatDoNotDivideAWordAreRefused() {
        Method three = new IntegerMethods.Packed(3, 32, true, false, "F16");
        FolderBuilder folder = new FolderBuilder();
        Random random = new Random(3);
        three.put(folder, "m", LayoutsTest.random(64 * 96, random), 64, random);
        folder.write(temp, config(three));
        var e = assertThrows(MISMATCH, () -> HfFolder.open(temp));
        assertTrue(e.getMessage().contains("3 bits"), e.getMessage());
    }

    private static String config(Method method) {
        return "{\"quantization_config\":" + method.config() + "}";
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"quant_method\":\"quip\"} | quip",
                "{\"quant_method\":\"hqq\"} | hqq",
                "{} | quant_method",
                "{\"quant_method\":\"gptq\",\"bits\":5} | bits",
                "{\"quant_method\":\"gptq\",\"bits\":4,\"checkpoint_format\":\"marlin\"} | marlin",
                "{\"quant_method\":\"gptq\",\"bits\":4,\"dynamic\":{\"+:.*down.*\":{\"bits\":6}}} | dynamic",
                "{\"quant_method\":\"awq\",\"version\":\"gemv\"} | gemv",
                "{\"quant_method\":\"awq\",\"bits\":3} | bits",
                "{\"quant_method\":\"bitsandbytes\"} | load_in_4bit",
                "{\"quant_method\":\"fp8\",\"fmt\":\"e5m2\"} | e5m2",
                "{\"quant_method\":\"compressed-tensors\"} | config_groups",
                "{\"quant_method\":\"compressed-tensors\",\"format\":\"nvfp4-pack-quantized\"} | nvfp4",
                "{\"quant_method\":\"compressed-tensors\",\"transform_config\":{\"config_groups\":{}}} | transform_config",
                "{\"quant_method\":\"compressed-tensors\",\"rotation\":4} | 'quantization_config.rotation'",
                "{\"quant_method\":\"compressed-tensors\",\"config_groups\":{\"a\":{\"rotation\":true}}} | a.rotation",
                "{\"quant_method\":\"compressed-tensors\",\"config_groups\":{\"a\":{\"weights\":{\"outliers\":4}}}} |"
                        + " weights.outliers",
                "{\"quant_method\":\"compressed-tensors\",\"sparsity_config\":{\"format\":\"sparse-24-bitmask\"}} |"
                        + " sparse"
            })
    void unsupportedSettingsAreNamed(String quantization, String named) {
        new FolderBuilder().write(temp, "{\"quantization_config\":" + quantization + "}");
        var e = assertThrows(MISMATCH, () -> HfFolder.open(temp));
        assertTrue(e.getMessage().contains(named), e.getMessage());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "7",
                "{\"quant_method\":4}",
                "{\"quant_method\":\"gptq\",\"bits\":\"4\"}",
                "{\"quant_method\":\"gptq\"}",
                "{\"quant_method\":\"gptq\",\"bits\":4,\"group_size\":0}",
                "{\"quant_method\":\"gptq\",\"bits\":4,\"group_size\":99999999999}",
                "{\"quant_method\":\"fp8\",\"weight_block_size\":[128]}",
                "{\"quant_method\":\"fp8\",\"weight_block_size\":[0,128]}",
                "{\"quant_method\":\"compressed-tensors\",\"config_groups\":{\"a\":null}}"
            })
    void malformedSettingsAreBadData(String quantization) {
        new FolderBuilder().write(temp, "{\"quantization_config\":" + quantization + "}");
        assertThrows(BAD, () -> HfFolder.open(temp));
    }

    /** Zero points of thousands of columns are scanned in steps, whatever the groups. */
    @Test
    void groupsOfOneColumnAreScannedInSteps() {
        int cols = 1 << 20;
        FolderBuilder folder = new FolderBuilder();
        folder.put("m.weight", "I8", new byte[2 * cols], 2, cols);
        folder.floats("m.weight_scale", "BF16", new float[2 * cols], 2, cols);
        folder.put("m.weight_zero_point", "I8", new byte[2 * cols], 2, cols);
        folder.write(temp, "{\"quantization_config\":" + eight("false", 1) + "}");
        HfFolder.open(temp).close(); // 1024 rows of 2^20 numbers would be 4 GiB

        FolderBuilder packed = new FolderBuilder();
        packed.ints("m.weight_packed", new int[cols / 4], 1, cols / 4);
        packed.longs("m.weight_shape", 1, cols);
        packed.floats("m.weight_scale", "BF16", new float[cols], 1, cols);
        packed.ints("m.weight_zero_point", new int[cols], 1, cols);
        packed.write(temp, "{\"quantization_config\":" + eight("false", 1) + "}");
        HfFolder.open(temp).close();
    }

    private static String eight(String symmetric, int group) {
        return "{\"quant_method\":\"compressed-tensors\",\"config_groups\":{\"a\":{\"weights\":"
                + weights(symmetric, group) + "}}}";
    }

    private static String weights(String symmetric, int group) {
        return "{\"num_bits\":8,\"symmetric\":" + symmetric + ",\"strategy\":\"group\",\"group_size\":" + group + "}";
    }

    /** The configuration is named that is wrong, not the one beside it. */
    @Test
    void theOldFileIsNamed() throws Exception {
        FolderBuilder folder = new FolderBuilder();
        folder.floats("m.weight", "F32", new float[4], 2, 2);
        folder.write(temp, "{}");
        Files.writeString(temp.resolve("quantize_config.json"), "{\"bits\":4,\"group_size\":32,\"sym\":false}");
        var e = assertThrows(MISMATCH, () -> HfFolder.open(temp));
        assertTrue(e.getMessage().contains("quantize_config.json: says quantized with gptq"), e.getMessage());
    }

    @Test
    void theOldFileCounts() throws Exception {
        FolderBuilder folder = new FolderBuilder();
        Random random = new Random(3);
        GPTQ.put(folder, "m", LayoutsTest.random(64 * 96, random), 64, random);
        folder.write(temp, "{}");
        Files.writeString(temp.resolve("quantize_config.json"), "{\"bits\":4,\"group_size\":32,\"sym\":false}");
        try (HfFolder hf = HfFolder.open(temp)) {
            assertTrue(hf.weights().tensors().containsKey("m.weight"));
        }
    }
}
