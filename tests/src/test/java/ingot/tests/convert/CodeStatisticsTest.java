package ingot.tests.convert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.Progress;
import ingot.quant.CodeStatistics;
import ingot.quant.ConvertOptions;
import ingot.quant.Converter;
import ingot.quant.Histogram;
import ingot.quant.calibration.CalibrationOptions;
import ingot.quant.calibration.Rounding;
import ingot.quant.gptq.Order;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Counts of codes and scales, beside counts of what a reader from the format's document alone finds. */
final class CodeStatisticsTest {
    private static final Path CHECKPOINTS = Path.of(System.getProperty("ingot.root"), "golden-outputs", "checkpoints");

    @TempDir
    Path temp;

    private Path convert(String checkpoint, ConvertOptions options) {
        Path out = temp.resolve("out.ingot");
        new Converter(options.withOverwrite(true)).convert(CHECKPOINTS.resolve(checkpoint), out, Progress.none());
        return out;
    }

    private static void compare(Path file) throws IOException {
        Map<String, CodeStatistics> counted = CodeStatistics.read(file, 2, Progress.none());
        StrangerReader stranger = new StrangerReader(file);
        int matrices = 0;
        for (StrangerReader.Weight w : stranger.weights.values()) {
            String type = w.layout().get("type").stringValue();
            CodeStatistics found = counted.get(w.name());
            if (List.of("f32", "f16", "bf16").contains(type)) {
                assertFalse(counted.containsKey(w.name()), w.name());
                continue;
            }
            matrices++;
            int bits = type.startsWith("int") ? type.charAt(3) - '0' : 4;
            int low = type.startsWith("int") ? -(1 << bits - 1) : 0;
            int high = low + (1 << bits) - 1;
            int lowest = type.equals("int8") ? -127 : low;
            int width = Math.max(1, (1 << bits) / 32);
            long[] bins = new long[(1 << bits) / width];
            long ends = 0;
            int[] codes = stranger.codes(w);
            for (int code : codes) {
                bins[(code - low) / width]++;
                ends += code <= lowest || code == high ? 1 : 0;
            }
            assertEquals(low, found.codes().first(), w.name());
            assertEquals(width, found.codes().width(), w.name());
            assertEquals(
                    java.util.Arrays.stream(bins).boxed().toList(),
                    found.codes().counts(),
                    w.name());
            assertEquals(ends, found.atEnds(), w.name());
            assertEquals((double) ends / codes.length, found.saturation(), w.name());
            scales(stranger.scales(w), found);
        }
        assertTrue(matrices > 5, matrices + " matrices");
        assertEquals(matrices, counted.size());
    }

    private static void scales(float[] scales, CodeStatistics found) {
        Map<Integer, Long> exponents = new TreeMap<>();
        long zeros = 0;
        for (float scale : scales) {
            if (scale == 0) {
                zeros++;
            } else {
                exponents.merge((int) Math.floor(Math.log(Math.abs((double) scale)) / Math.log(2)), 1L, Long::sum);
            }
        }
        assertEquals(zeros, found.zeroScales());
        Histogram histogram = found.scales();
        assertEquals(1, histogram.width());
        Map<Integer, Long> counted = new TreeMap<>();
        for (int i = 0; i < histogram.counts().size(); i++) {
            if (histogram.counts().get(i) > 0) {
                counted.put(histogram.first() + i, histogram.counts().get(i));
            }
        }
        assertEquals(exponents, counted);
        assertEquals(scales.length, histogram.total() + zeros);
    }

    @ParameterizedTest
    @ValueSource(strings = {"int3:64", "int4", "int4:channel", "iq4:128", "int5", "int6:64", "int8", "nf4", "nf4-dq"})
    void roundedToNearest(String type) throws IOException {
        compare(convert("qwen2-tied-f32", ConvertOptions.of(ConvertOptions.layout(type))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"int3", "int4:64", "nf4-dq"})
    void withErrorFeedback(String type) throws IOException {
        var calibration = new CalibrationOptions(Optional.of(tokens()), 256, 32, 0);
        compare(convert(
                "qwen2_moe-a",
                ConvertOptions.of(ConvertOptions.layout(type))
                        .withMethod(new ConvertOptions.Method.Gptq(
                                calibration, Rounding.Feedback.in(Order.Kind.ACTIVATION), false))));
    }

    private Path tokens() throws IOException {
        StringBuilder ids = new StringBuilder("{\"ids\": [0");
        for (int i = 1; i < 200; i++) {
            ids.append(", ").append(i * 37 % 97);
        }
        return java.nio.file.Files.writeString(temp.resolve("ids.jsonl"), ids + "]}\n");
    }

    /** The trained model has matrices of several runs of rows. */
    @Test
    void largeMatricesAndAnyNumberOfThreads() throws IOException {
        Path out = convert(
                "../models/qwen3-6m-gutenberg",
                ConvertOptions.of(ConvertOptions.layout("nf4-dq"))
                        .withKeep(List.of(ConvertOptions.Keep.parse("embed_tokens=nf4-dq"))));
        compare(out);
        assertEquals(CodeStatistics.read(out, 1, Progress.none()), CodeStatistics.read(out, 5, Progress.none()));
    }

    @Test
    void sumsOfHistograms() {
        Histogram a = new Histogram(-3, 1, List.of(1L, 2L));
        Histogram b = new Histogram(0, 1, List.of(5L));
        assertEquals(new Histogram(-3, 1, List.of(1L, 2L, 0L, 5L)), a.plus(b));
        assertEquals(a.plus(b), b.plus(a));
        assertEquals(a, a.plus(new Histogram(9, 1, List.of())));
        assertEquals(a, new Histogram(9, 1, List.of()).plus(a));
        assertEquals(
                new Histogram(-4, 2, List.of(4L, 6L)),
                new Histogram(-4, 2, List.of(1L, 2L)).plus(new Histogram(-4, 2, List.of(3L, 4L))));
    }
}
