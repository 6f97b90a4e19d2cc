package ingot.tests.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import ingot.runtime.LogitsConsumer;
import ingot.runtime.perplexity.LogitsFile;
import ingot.runtime.perplexity.LogitsFileWriter;
import ingot.runtime.perplexity.Perplexity;
import ingot.runtime.perplexity.PerplexityOptions;
import ingot.runtime.perplexity.PerplexityResult;
import ingot.runtime.perplexity.Predictor;
import ingot.runtime.perplexity.Reference;
import ingot.tests.cli.ChildCommand;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PerplexityTest {
    @TempDir
    Path folder;

    /** Token 0 has the logit {@code bonus}, the other six have 0, after any context. */
    private record Fixed(float bonus, List<Integer> positions) implements Predictor {
        Fixed(float bonus) {
            this(bonus, new ArrayList<>());
        }

        @Override
        public int vocabSize() {
            return 7;
        }

        @Override
        public void predict(int[] window, int from, LogitsConsumer sink) {
            for (int i = from; i < window.length; i++) {
                positions.add(i);
                float[] logits = new float[7];
                logits[0] = bonus;
                sink.accept(i, logits);
            }
        }

        @Override
        public void close() {}
    }

    @Test
    void uniformPredictionsHaveThePerplexityOfTheVocabulary() {
        var result = measure(new Fixed(0), new int[31], new PerplexityOptions(10, 0), null);
        assertEquals(7, result.perplexity(), 1e-12);
        assertEquals(0, result.perplexityError(), 1e-9);
        assertEquals(3, result.chunks());
        assertEquals(3 * 4, result.tokens(), "positions 5 to 8 of ten predict the tokens 6 to 9");
    }

    @Test
    void onlyTheSecondHalfIsScored() {
        Fixed model = new Fixed(0);
        measure(model, new int[33], new PerplexityOptions(33, 0), null);
        assertEquals(16, model.positions.getFirst(), "33 ÷ 2");
        assertEquals(31, model.positions.getLast(), "the last token is predicted, never read");
    }

    @Test
    void likelihoodByHand() {
        // p(0) = 2 ÷ 8 with bonus ln 2; others 1 ÷ 8. Scored tokens of the window: 0, 3, 0.
        int[] tokens = {5, 5, 5, 5, 5, 0, 3, 0};
        var result = measure(new Fixed((float) Math.log(2)), tokens, new PerplexityOptions(8, 0), null);
        double nll = (2 * Math.log(4) + Math.log(8)) / 3;
        assertEquals(nll, result.nll(), 1e-7);
        assertEquals(Math.exp(nll), result.perplexity(), 1e-6);
        // Sample standard deviation of (ln 4, ln 8, ln 4) ÷ √3, times the perplexity.
        double sd = Math.log(2) * Math.sqrt(1.0 / 3);
        assertEquals(Math.exp(nll) * sd / Math.sqrt(3), result.perplexityError(), 1e-6);
    }

    @Test
    void divergenceByHand() {
        Fixed base = new Fixed(0);
        Fixed model = new Fixed((float) Math.log(2));
        int[] tokens = {5, 5, 5, 5, 5, 0, 3, 0};
        var d = measure(model, tokens, new PerplexityOptions(8, 0), new Reference.Live(base))
                .divergence()
                .orElseThrow();
        // p = 1/7 each; q = 2/8 and six of 1/8.
        double kld = (Math.log(4.0 / 7) + 6 * Math.log(8.0 / 7)) / 7;
        assertEquals(kld, d.kld().mean().value(), 1e-7);
        assertEquals(kld, d.kld().median(), 1e-7);
        assertEquals(1, d.sameTop1().value(), 0, "the first of equals");
        double up = 1.0 / 4 - 1.0 / 7;
        double down = 1.0 / 8 - 1.0 / 7;
        assertEquals(Math.sqrt((2 * up * up + down * down) / 3), d.rmsDp().value(), 1e-7);
        assertEquals(7, d.referencePerplexity(), 1e-9);
    }

    @Test
    void shortTextIsRefused() {
        assertThrows(
                IngotException.Usage.class,
                () -> measure(new Fixed(0), new int[9], new PerplexityOptions(10, 0), null));
    }

    @Test
    void recordedLogitsHaveTheFieldsLayout() throws IOException {
        Path file = folder.resolve("base");
        int[] tokens = {1, 2, 3, 4, 5, 6, 0, 1};
        try (LogitsFileWriter writer = new LogitsFileWriter(file, new PerplexityOptions(8, 0), 7, tokens)) {
            Perplexity.measure(new Fixed(2), tokens, new PerplexityOptions(8, 0), null, writer, Progress.none());
            writer.commit();
        }
        ByteBuffer b = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        byte[] magic = new byte[8];
        b.get(magic);
        assertEquals("_logits_", new String(magic, java.nio.charset.StandardCharsets.US_ASCII));
        assertEquals(8, b.getInt());
        assertEquals(7, b.getInt());
        assertEquals(1, b.getInt());
        for (int t : tokens) {
            assertEquals(t, b.getInt());
        }
        // Three rows of scale, minimum and eight codes (seven, rounded up to even).
        assertEquals(3 * (8 + 16), b.remaining());
        assertEquals(2f / 65535, b.getFloat(), 1e-9);
        assertEquals(-Math.log(Math.exp(2) + 6), b.getFloat(), 1e-6);
        assertEquals((short) 65535, b.getShort());
        assertEquals(0, b.getShort());
    }

    @Test
    void recordedReferenceComparesLikeTheLiveOne() throws IOException {
        Path file = folder.resolve("base");
        int[] tokens = new int[100];
        Arrays.setAll(tokens, i -> i * i % 7);
        var options = new PerplexityOptions(25, 0);
        try (LogitsFileWriter writer = new LogitsFileWriter(file, options, 7, tokens)) {
            Perplexity.measure(new Fixed(1), tokens, options, null, writer, Progress.none());
            writer.commit();
        }
        double live = kld(measure(new Fixed(3), tokens, options, new Reference.Live(new Fixed(1))));
        try (LogitsFile recorded = LogitsFile.open(file)) {
            // Rounding a log-probability to 2^-16 of the range 1 moves the divergence by less than that.
            assertEquals(live, kld(measure(new Fixed(3), tokens, options, new Reference.Recorded(recorded))), 1e-5);
        }
    }

    @Test
    void damagedRecordingIsRefused() throws IOException {
        Path file = folder.resolve("base");
        try (LogitsFileWriter writer = new LogitsFileWriter(file, new PerplexityOptions(8, 0), 7, new int[8])) {
            Perplexity.measure(new Fixed(1), new int[8], new PerplexityOptions(8, 0), null, writer, Progress.none());
            writer.commit();
        }
        byte[] good = Files.readAllBytes(file);
        for (int cut : new int[] {0, 7, 19, 30, good.length - 1}) {
            Files.write(file, Arrays.copyOf(good, cut));
            assertThrows(
                    IngotException.BadData.class, () -> LogitsFile.open(file).close(), "cut to " + cut);
        }
        for (int at : new int[] {0, 11, 15, 19, 23}) {
            byte[] bad = good.clone();
            bad[at] = 0x7F;
            Files.write(file, bad);
            assertThrows(
                    IngotException.BadData.class, () -> LogitsFile.open(file).close(), "byte " + at);
        }
    }

    @Test
    void uncommittedRecordingLeavesNothing() throws IOException {
        try (LogitsFileWriter writer =
                new LogitsFileWriter(folder.resolve("base"), new PerplexityOptions(8, 0), 7, new int[8])) {
            writer.append(new float[7], Math.log(7));
        }
        try (var files = Files.list(folder)) {
            assertEquals(0, files.count());
        }
    }

    /** llama.cpp, f32: 59.6829. */
    @Test
    void trainedModelHasThePerplexityThatThePeerMeasures() throws IOException, InterruptedException {
        Path models = Path.of(System.getProperty("ingot.root"), "golden-outputs", "models");
        String model = models.resolve("qwen3-6m-gutenberg").toString();
        String text = models.resolve("evaluation.txt").toString();
        var outcome = ChildCommand.run(List.of(), "perplexity", model, "-f", text, "-c", "256", "--json", "-q");
        assertEquals(0, outcome.exit(), outcome.err());
        var result = Json.parseObject(outcome.out().getBytes(StandardCharsets.UTF_8), Path.of("out"), JsonBound.INPUT);
        assertEquals(59.68, result.path("perplexity").doubleValue(), 0.01);
        assertEquals(326, result.path("chunks").intValue());
    }

    private static double kld(PerplexityResult result) {
        return result.divergence().orElseThrow().kld().mean().value();
    }

    private static PerplexityResult measure(
            Predictor model, int[] tokens, PerplexityOptions options, Reference reference) {
        return Perplexity.measure(model, tokens, options, reference, null, Progress.none());
    }
}
