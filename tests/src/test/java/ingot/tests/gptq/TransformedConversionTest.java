package ingot.tests.gptq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.DType;
import ingot.formats.Shape;
import ingot.formats.TensorInfo;
import ingot.formats.ingot.IngotFile;
import ingot.formats.safetensors.SafetensorsFile;
import ingot.formats.safetensors.SafetensorsOutput;
import ingot.formats.safetensors.SafetensorsWriter;
import ingot.quant.ConvertOptions;
import ingot.quant.calibration.CalibrationOptions;
import ingot.quant.calibration.Rounding;
import ingot.quant.gptq.Order;
import ingot.quant.transform.Equivalence;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole conversions of models with the same outputs. */
final class TransformedConversionTest {
    /** Every how many channels one stands out, and how far: 2⁴ times. */
    private static final int APART = 37;

    private static final int SHIFT = 4;

    @TempDir
    Path temp;

    static List<String> names() {
        return Checkpoints.FAMILIES;
    }

    private static ConvertOptions.Transforms transforms(Path data, Set<Equivalence> wanted) {
        return new ConvertOptions.Transforms(wanted, new CalibrationOptions(Optional.of(data), 2048, 32, 0));
    }

    /** Stored without loss, an ordered and rotated model has the reference's logits. */
    @ParameterizedTest
    @MethodSource("names")
    void goldenParity(String name) throws IOException {
        Path data = Checkpoints.tokens(name, temp.resolve("tokens.jsonl"));
        Path out = temp.resolve("f32.ingot");
        ConvertOptions options = ConvertOptions.of(ConvertOptions.layout("f32"))
                .withTransforms(transforms(data, EnumSet.of(Equivalence.ROTATE, Equivalence.FREE_ORDER)))
                .withThreads(1);
        Checkpoints.convert(Checkpoints.folder(name), out, options);
        double error = Checkpoints.error(out, Checkpoints.folder(name).resolve("golden.safetensors"));
        assertTrue(error <= (Checkpoints.hybrid(name) ? 1e-8 : 1e-9), name + ": NMSE " + error);
        try (IngotFile file = IngotFile.open(out)) {
            assertEquals(
                    "[\"rotate\",\"free-order\"]",
                    file.manifest().options().get("transforms").toString());
            assertEquals(
                    file.tensor("lm_head.weight").isPresent(),
                    !file.manifest().config().path("tie_word_embeddings").asBoolean(false));
        }
        try (var left = Files.list(temp)) {
            assertEquals(2, left.count(), "the output and the data");
        }
    }

    /** With everything there is: near the reference, and the same bytes for any number of threads. */
    @ParameterizedTest
    @MethodSource("names")
    void withErrorFeedback(String name) throws IOException {
        Path data = Checkpoints.tokens(name, temp.resolve("tokens.jsonl"));
        ConvertOptions options = Checkpoints.gptq("int8", data, new Rounding.Feedback(Order.Kind.ACTIVATION, 1), false)
                .withTransforms(transforms(data, EnumSet.allOf(Equivalence.class)));
        Path one = temp.resolve("1.ingot");
        Path other = temp.resolve("3.ingot");
        Checkpoints.convert(Checkpoints.folder(name), one, options);
        Checkpoints.convert(Checkpoints.folder(name), other, options.withThreads(3));
        assertEquals(-1, Files.mismatch(one, other));
        Path golden = Checkpoints.folder(name).resolve("golden.safetensors");
        Path coarse = temp.resolve("int6.ingot");
        Checkpoints.convert(Checkpoints.folder(name), coarse, ConvertOptions.of(ConvertOptions.layout("int6")));
        double error = Checkpoints.error(one, golden);
        double more = Checkpoints.error(coarse, golden);
        assertTrue(error < more, name + ": " + error + ", with two bits less and no transform " + more);
    }

    /** Channels that stand out are what scaling and rotation are for: each takes off most of what they cost. */
    @Test
    void outliers() throws IOException {
        Path source = outliers(temp.resolve("outliers"));
        Path golden = Checkpoints.TRAINED.resolve("golden.safetensors");
        Path data = text(8_000);
        ConvertOptions plain = ConvertOptions.of(ConvertOptions.layout("int4"));
        double before = error(Checkpoints.TRAINED, golden, plain);
        double apart = error(source, golden, plain);
        assertTrue(apart > 2 * before, "outliers cost nothing: " + before + ", " + apart);
        for (Equivalence way : List.of(Equivalence.AWQ, Equivalence.ROTATE)) {
            double error = error(source, golden, plain.withTransforms(transforms(data, EnumSet.of(way))));
            assertTrue(error < 0.6 * apart, way + ": " + error + ", without " + apart);
        }
    }

    /**
     * All ways at once on real weights. Rounding leaves each weight an error of about its group's step ÷ √12 whatever the
     * basis, and these weights have no outliers to spread: the error of the logits stays about what it was. Three times that
     * leaves room for groups that rotation makes Gaussian (the largest of 32 lies at 2.1 σ, of uniform numbers at 1.7 σ: 1.5
     * times the energy) and for chance among the prompts. What is broken is thousands of times as far off: the error of int8
     * is 10⁻⁵ of the logits' variance.
     */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void trainedModel(boolean feedback) throws IOException {
        Path golden = Checkpoints.TRAINED.resolve("golden.safetensors");
        Path data = text(8_000);
        ConvertOptions plain = ConvertOptions.of(ConvertOptions.layout("int8"));
        if (feedback) {
            plain = plain.withMethod(new ConvertOptions.Method.Gptq(
                    new CalibrationOptions(Optional.of(data), 512, 32, 0),
                    Rounding.Feedback.in(Order.Kind.ACTIVATION),
                    false));
        }
        double before = error(Checkpoints.TRAINED, golden, plain);
        double after = error(
                Checkpoints.TRAINED, golden, plain.withTransforms(transforms(data, EnumSet.allOf(Equivalence.class))));
        assertTrue(after <= 3 * before, "with transforms " + after + ", without " + before);
    }

    private Path text(int length) throws IOException {
        String all = Files.readString(Checkpoints.TRAINED.resolveSibling("calibration.txt"));
        return Files.writeString(temp.resolve("text.txt"), all.substring(0, length));
    }

    private double error(Path source, Path golden, ConvertOptions options) {
        Path out = temp.resolve("out.ingot");
        Checkpoints.convert(source, out, options.withOverwrite(true));
        return Checkpoints.error(out, golden);
    }

    /** The trained model with some channels of the norms' outputs 2⁴ times as large, which is exact in bf16. */
    private static Path outliers(Path folder) throws IOException {
        Files.createDirectories(folder);
        for (String name : List.of("config.json", "tokenizer.json", "tokenizer_config.json")) {
            Files.copy(Checkpoints.TRAINED.resolve(name), folder.resolve(name));
        }
        Map<String, Shape> shapes = new LinkedHashMap<>();
        Map<String, byte[]> data = new LinkedHashMap<>();
        try (SafetensorsFile file = SafetensorsFile.open(Checkpoints.TRAINED.resolve("model.safetensors"))) {
            for (TensorInfo t : file.tensors().values()) {
                assertEquals(DType.BF16, t.dtype());
                byte[] bytes = new byte[(int) t.bytes()];
                file.read(t, 0, MemorySegment.ofArray(bytes));
                if (t.name().endsWith("layernorm.weight")) {
                    shift(bytes, bytes.length / 2, SHIFT);
                } else if (t.name().matches(".*\\.(q|k|v|gate|up)_proj\\.weight")) {
                    shift(bytes, Math.toIntExact(t.shape().cols()), -SHIFT);
                }
                shapes.put(t.name(), t.shape());
                data.put(t.name(), bytes);
            }
        }
        SafetensorsWriter layout = new SafetensorsWriter(1);
        shapes.forEach((name, shape) -> layout.add(name, DType.BF16, shape));
        try (SafetensorsOutput out =
                SafetensorsOutput.create(folder.resolve("model.safetensors"), false, layout, Map.of())) {
            data.forEach((name, bytes) -> out.write(name, ByteBuffer.wrap(bytes)));
            out.commit();
        }
        return folder;
    }

    /** Multiplies some columns of bf16 numbers by 2ⁿ: the exponent lies above 7 bits of fraction. */
    private static void shift(byte[] bytes, int cols, int n) {
        ByteBuffer numbers = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < bytes.length / 2; i++) {
            short bits = numbers.getShort(2 * i);
            if (i % cols % APART == 5 && (bits & 0x7f80) != 0) {
                numbers.putShort(2 * i, (short) (bits + (n << 7)));
            }
        }
    }
}
