package ingot.tests.gptq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.quant.ConvertOptions;
import ingot.quant.Evaluation;
import ingot.quant.calibration.CalibrationOptions;
import ingot.quant.calibration.Rounding;
import ingot.quant.gptq.Order;
import ingot.runtime.Model;
import ingot.runtime.perplexity.Perplexity;
import ingot.runtime.perplexity.PerplexityOptions;
import ingot.runtime.perplexity.PerplexityResult;
import ingot.runtime.perplexity.Predictor;
import ingot.runtime.perplexity.Reference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The evaluation that streams layer by layer, beside the runtime's own. */
final class EvaluationTest {
    private static final int WINDOW = 33;

    @TempDir
    Path temp;

    private static PerplexityResult byRuntime(Path source, Path output, int[] tokens) {
        try (Model reference = Model.open(source);
                Model model = Model.open(output);
                Predictor base = Predictor.of(reference);
                Predictor predictor = Predictor.of(model)) {
            var options = new PerplexityOptions(WINDOW, 0);
            return Perplexity.measure(predictor, tokens, options, new Reference.Live(base), null, Progress.none());
        }
    }

    private Evaluation evaluate(Path source, Path output, ConvertOptions options, Path data) {
        var on = new Evaluation.Options(data, 100_000, WINDOW);
        return Evaluation.of(source, output, options, Evaluation.read(source, options, on), Progress.none());
    }

    /** Dense, tied, mixtures, gated DeltaNet; the same figures but for the order of additions. */
    @ParameterizedTest
    @CsvSource({
        "qwen2-e2e, int4, 211",
        "qwen2-tied-f32, nf4-dq, 211",
        "qwen3_moe-a, int6, 211",
        "qwen3_5-a, int8, 211",
        "trained, int4:64, 4001"
    })
    void asTheRuntimeMeasures(String name, String type, int vocabulary) throws IOException {
        Path source = name.equals("trained") ? Checkpoints.TRAINED : Checkpoints.folder(name);
        ConvertOptions options = ConvertOptions.of(ConvertOptions.layout(type)).withThreads(2);
        Path out = temp.resolve("o.ingot");
        Checkpoints.convert(source, out, options);
        // 70 windows: more than are scored at once. A rest is left out.
        int[] tokens =
                new SplittableRandom(3).ints(70 * WINDOW + 7, 0, vocabulary).toArray();
        Path data = Files.writeString(temp.resolve("t.jsonl"), Checkpoints.line(tokens));
        PerplexityResult found = evaluate(source, out, options, data).scores();
        PerplexityResult expected = byRuntime(source, out, tokens);
        assertEquals(expected.tokens(), found.tokens());
        assertEquals(70, found.chunks());
        assertEquals(WINDOW, found.context());
        assertEquals(expected.nll(), found.nll(), 1e-4 * expected.nll());
        var a = expected.divergence().orElseThrow();
        var b = found.divergence().orElseThrow();
        assertTrue(
                a.kld().mean().value() > 1e-7, "something was lost: " + a.kld().mean());
        assertEquals(1, b.kld().mean().value() / a.kld().mean().value(), 0.01, "mean");
        assertEquals(1, b.kld().mean().error() / a.kld().mean().error(), 0.02, "its error");
        assertEquals(a.sameTop1().value(), b.sameTop1().value(), 0.003);
        assertEquals(a.referencePerplexity(), b.referencePerplexity(), 1e-4 * a.referencePerplexity());
        try (var left = Files.list(temp)) {
            assertEquals(
                    List.of("o.ingot", "t.jsonl"),
                    left.map(p -> p.getFileName().toString()).sorted().toList());
        }
    }

    /**
     * What drift correction is for: on a text that calibration did not see the predictions are nearer to the source's. Of the
     * 4096 tokens over a half (256 columns) and a third (768) of the correction is made; with what it is by default, all of it
     * on 65,536 tokens, it takes off more.
     */
    @Test
    void driftCorrectionPays() throws IOException {
        Path texts = Checkpoints.TRAINED.resolveSibling("calibration.txt");
        var calibration = new CalibrationOptions(Optional.of(texts), 4096, 128, 0);
        var on = new Evaluation.Options(Checkpoints.TRAINED.resolveSibling("evaluation.txt"), 4096, 128);
        double[] divergence = new double[2];
        for (int drift = 0; drift <= 1; drift++) {
            var feedback = new Rounding.Feedback(Order.Kind.ACTIVATION, drift);
            ConvertOptions options = ConvertOptions.of(ConvertOptions.layout("int3"))
                    .withKeep(List.of(ConvertOptions.Keep.parse("embed=int6:64")))
                    .withMethod(new ConvertOptions.Method.Gptq(calibration, feedback, false))
                    .withThreads(2);
            Path out = temp.resolve(drift + ".ingot");
            Checkpoints.convert(Checkpoints.TRAINED, out, options);
            divergence[drift] = Evaluation.of(
                            Checkpoints.TRAINED,
                            out,
                            options,
                            Evaluation.read(Checkpoints.TRAINED, options, on),
                            Progress.none())
                    .scores()
                    .divergence()
                    .orElseThrow()
                    .kld()
                    .mean()
                    .value();
        }
        assertTrue(divergence[1] < 0.95 * divergence[0], divergence[1] + " with, " + divergence[0] + " without");
    }

    @Test
    void nothingLostNothingDiverges() throws IOException {
        Path source = Checkpoints.folder("qwen3_moe-a");
        ConvertOptions options = ConvertOptions.of(ConvertOptions.layout("f32"));
        Path out = temp.resolve("o.ingot");
        Checkpoints.convert(source, out, options);
        Path data = Files.writeString(temp.resolve("t.jsonl"), Checkpoints.line(new int[WINDOW]));
        var d = evaluate(source, out, options, data).scores().divergence().orElseThrow();
        assertEquals(0, d.kld().max(), 1e-12);
        assertEquals(1, d.sameTop1().value());
    }

    @Test
    void textsThatAreTooShort() throws IOException {
        Path source = Checkpoints.folder("qwen2-e2e");
        ConvertOptions options = ConvertOptions.of(ConvertOptions.layout("int8"));
        Path data = Files.writeString(temp.resolve("t.jsonl"), Checkpoints.line(new int[WINDOW - 1]));
        var on = new Evaluation.Options(data, 100, WINDOW);
        var e = assertThrows(IngotException.Usage.class, () -> Evaluation.read(source, options, on));
        assertTrue(e.getMessage().contains("fewer than one window of 33"), e.getMessage());
        assertThrows(IngotException.Usage.class, () -> new Evaluation.Options(data, 32, WINDOW));
        assertThrows(IngotException.Usage.class, () -> new Evaluation.Options(data, 100, 3));
    }
}
