package ingot.tests.quantized;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.Progress;
import ingot.formats.ingot.IngotFile;
import ingot.formats.ingot.StoredTensor;
import ingot.quant.ConvertOptions;
import ingot.quant.ConvertResult;
import ingot.quant.ConvertResult.TensorResult;
import ingot.quant.Converter;
import ingot.runtime.Model;
import ingot.runtime.ModelOptions;
import ingot.runtime.Session;
import ingot.runtime.golden.GoldenFile;
import ingot.runtime.kernel.Backend;
import ingot.runtime.verify.GoldenRecorder;
import ingot.runtime.verify.Subject;
import ingot.runtime.verify.Thresholds;
import ingot.runtime.verify.Verifier;
import ingot.tests.quantized.IntegerMethods.Zeros;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A quantized folder runs and converts as the folder of the weights that it means. */
final class WholeModelTest {
    private static final int[] PROMPT = {3, 141, 59, 265, 35, 8, 97, 93, 238, 46};

    @TempDir
    Path temp;

    private static Arguments method(Method method, String... types) {
        return Arguments.of(method, new TreeSet<>(List.of(types)));
    }

    /** Every method with the summaries of its linear layers when it keeps its own type. */
    static Stream<Arguments> methods() {
        return Stream.of(
                method(
                        new IntegerMethods.Gptq(4, 32, Zeros.V1_SYMMETRIC, false, true, "F16"),
                        "int4 g32 carried over losslessly from gptq int4 g32"),
                method(
                        new IntegerMethods.Gptq(4, -1, Zeros.V2_SYMMETRIC_LABELLED_V1, false, true, "F16"),
                        "int4 channel carried over losslessly from gptq int4 channel"),
                method(
                        new IntegerMethods.Gptq(4, 32, Zeros.V2_ASYMMETRIC, true, true, "F16"),
                        "f32 dequantized from gptq int4 g32 act-order"),
                method(
                        new IntegerMethods.Gptq(3, 64, Zeros.V1_SYMMETRIC, false, true, "F16"),
                        "int4 channel carried over losslessly from gptq int3 channel",
                        "int4 g64 carried over losslessly from gptq int3 g64"),
                method(
                        new IntegerMethods.Gptq(8, 32, Zeros.V1_SYMMETRIC, false, true, "F16"),
                        "int8 g32 carried over losslessly from gptq int8 g32"),
                method(new IntegerMethods.Awq(32), "int8 g32 carried over losslessly from awq int4 g32"),
                method(
                        new IntegerMethods.Packed(4, 32, true, false, "BF16"),
                        "int4 g32 carried over losslessly from compressed-tensors int4 g32"),
                method(
                        new IntegerMethods.Int8("channel", true),
                        "int8 channel carried over losslessly from compressed-tensors int8 channel"),
                method(
                        new IntegerMethods.Int8("channel", false),
                        "f32 dequantized from compressed-tensors int8 channel"),
                method(
                        new FloatMethods.Bnb4("nf4", 64, true),
                        "nf4-dq carried over losslessly from bitsandbytes nf4 double-quantized",
                        "f32 dequantized from bitsandbytes nf4 double-quantized"),
                method(
                        new FloatMethods.Bnb4("nf4", 64, false),
                        "nf4 carried over losslessly from bitsandbytes nf4",
                        "f32 dequantized from bitsandbytes nf4"),
                method(new FloatMethods.Bnb4("fp4", 64, false), "f32 dequantized from bitsandbytes fp4"),
                method(new FloatMethods.Bnb8(), "f32 dequantized from bitsandbytes int8 channel"),
                method(new FloatMethods.Fp8(false, "block", 128, 128, "BF16"), "f32 dequantized from fp8 128x128"),
                method(
                        new FloatMethods.Fp8(true, "channel", 1, 1, "F32"),
                        "f32 dequantized from compressed-tensors fp8 channel"));
    }

    @ParameterizedTest
    @MethodSource("methods")
    void runsAndConvertsAsItsWeights(Method method, TreeSet<String> expected) {
        TinyModel.Pair pair = new TinyModel().write(temp, method);
        assertArrayEquals(logits(pair.plain()), logits(pair.quantized()));

        Path file = temp.resolve("model.ingot");
        var options = ConvertOptions.of(ConvertOptions.layout("f32")).withSame(true);
        ConvertResult result = new Converter(options).convert(pair.quantized(), file, Progress.none());
        TreeSet<String> summaries = new TreeSet<>();
        for (TensorResult t : result.tensors()) {
            assertEquals(0, t.nmse().orElseThrow(), t.name());
            if (TinyModel.isLinear(t.name())) {
                summaries.add(t.type() + " " + t.note());
            }
        }
        assertEquals(expected, summaries);
        sameWeights(file, pair.meant());
        sameAsRecorded(pair.plain(), file);
    }

    /** What the file stores decodes to exactly the weights meant, whatever the layout. */
    private static void sameWeights(Path file, Map<String, float[]> meant) {
        try (IngotFile ingot = IngotFile.open(file);
                Arena arena = Arena.ofConfined()) {
            ingot.verify(Progress.none());
            MemorySegment mapping = ingot.map(arena);
            for (StoredTensor t : ingot.manifest().tensors()) {
                float[] expected = meant.get(t.name());
                int cols = (int) t.shape().cols();
                int rows = expected.length / cols;
                float[] decoded = new float[expected.length];
                for (int row = 0; row < rows; row++) {
                    t.layout().decodeRow(rows, cols, ingot.parts(t, mapping), row, decoded, row * cols);
                }
                for (int i = 0; i < decoded.length; i++) {
                    assertTrue(expected[i] == decoded[i], t.name() + "[" + i + "]"); // 0 and −0 are the same
                }
            }
        }
    }

    private void sameAsRecorded(Path plain, Path file) {
        Path golden = temp.resolve("golden.safetensors");
        try (Model model = Model.open(plain, ModelOptions.defaults().withBackend(Backend.SCALAR))) {
            var what = new GoldenRecorder.Options(8, 0, false);
            GoldenRecorder.record(model, List.of(PROMPT), what, golden, Map.of(), Progress.none());
        }
        try (GoldenFile recorded = GoldenFile.open(golden);
                Model model = Model.open(file)) {
            var report = Verifier.verify(Subject.of(model), recorded, Thresholds.EXACT, Progress.none());
            assertEquals(List.of(), report.failures());
            assertTrue(report.overall().nmse() <= 1e-9);
        }
    }

    private static float[] logits(Path folder) {
        try (Model model = Model.open(folder);
                Session session = model.newSession()) {
            return session.forward(PROMPT).clone();
        }
    }

    private ConvertResult convert(Method method, String type) {
        TinyModel.Pair pair = new TinyModel().write(temp, method);
        return new Converter(ConvertOptions.of(ConvertOptions.layout(type)))
                .convert(pair.quantized(), temp.resolve("asked.ingot"), Progress.none());
    }

    private static void assertLinear(String note, boolean exact, ConvertResult result) {
        for (TensorResult t : result.tensors()) {
            if (TinyModel.isLinear(t.name())) {
                assertTrue(t.note().startsWith(note), t.name() + ": " + t.note());
                assertEquals(exact, t.nmse().orElseThrow() == 0, t.name());
            }
        }
    }

    @Test
    void aTypeAskedForCarriesWhatItCanHold() {
        Method g64 = new IntegerMethods.Gptq(4, 64, Zeros.V1_SYMMETRIC, false, true, "F16");
        assertLinear("carried over losslessly from gptq int4 ", true, convert(g64, "int4"));
    }

    @Test
    void aTypeAskedForWithLargerGroupsIsRoundedAgain() {
        Method g32 = new IntegerMethods.Packed(4, 32, true, false, "F16");
        assertLinear("dequantized from compressed-tensors int4 g32", false, convert(g32, "int4:128"));
    }

    @Test
    void scalesBeyondF16AreRoundedAgain() {
        Method tiny = new Method() {
            private final Method packed = new IntegerMethods.Packed(4, 32, true, false, "BF16");

            @Override
            public String config() {
                return packed.config();
            }

            @Override
            public float[] put(FolderBuilder folder, String module, float[] w, int out, java.util.Random random) {
                float[] small = w.clone();
                for (int i = 0; i < small.length; i++) {
                    small[i] *= 0x1p-20f; // scales below 2^−17 have bits that f16 has not
                }
                return packed.put(folder, module, small, out, random);
            }
        };
        assertLinear("dequantized from compressed-tensors int4 g32", false, convert(tiny, "int4"));
    }

    private static int lowest(byte[] codes) {
        int lowest = 0;
        for (byte code : codes) {
            lowest = Math.min(lowest, code);
        }
        return lowest;
    }

    /** AutoGPTQ's grid of 8 bits, scale 2·max|w| ÷ 255, reaches −128 as well. */
    @Test
    void gptqOfEightBitsIsCarried() {
        Method gptq = new IntegerMethods.Gptq(8, 32, Zeros.V1_SYMMETRIC, false, true, "F16");
        assertLinear("carried over losslessly from gptq int8 g32", true, convert(gptq, "int8"));
    }

    /** −128 is a code of int8 there and of ours, though rounding never takes it. */
    @Test
    void theLowestCodeOfInt8IsCarried() {
        Method lowest = new Method() {
            private final Method plain = new IntegerMethods.Int8("channel", true);

            @Override
            public String config() {
                return plain.config();
            }

            @Override
            public float[] put(FolderBuilder folder, String module, float[] w, int out, java.util.Random random) {
                float[] negative = w.clone();
                for (int i = 0; i < negative.length; i++) {
                    // The largest of every row is below 0, and no bf16: the scale of one is never rounded down.
                    negative[i] = -0.99f * Math.abs(negative[i]);
                }
                float[] values = plain.put(folder, module, negative, out, random);
                assertEquals(-128, lowest(folder.tensors.get(module + ".weight").bytes()));
                return values;
            }
        };
        assertLinear(
                "carried over losslessly from compressed-tensors int8 channel", true, convert(lowest, "int8:channel"));
    }
}
