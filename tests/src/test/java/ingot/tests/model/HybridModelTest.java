package ingot.tests.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.runtime.Model;
import ingot.runtime.ModelOptions;
import ingot.runtime.kernel.Backend;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Gated DeltaNet and gated attention in sizes no golden checkpoint has, against {@link NaiveHybrid}. */
final class HybridModelTest {
    /** A tenth of the project's bar for models with gated DeltaNet. */
    private static final double BAR = 1e-9;

    private static final List<ModelOptions> BACKENDS = List.of(
            ModelOptions.defaults().withBackend(Backend.SCALAR).withThreads(1),
            vector(128, 5),
            vector(256, 2),
            vector(512, 1));

    /** Odd everywhere: three values per key head, keys wider than values, a short convolution, half of a head rotated. */
    private static final NaiveHybrid.Shape ODD = new NaiveHybrid.Shape(
            new boolean[] {true, false, true, false, true},
            30,
            6,
            2,
            12,
            6,
            33,
            new NaiveHybrid.Delta(3, 9, 20, 7, 3, false));

    private static final String HALF = "\"partial_rotary_factor\": 0.5";

    @TempDir
    Path folder;

    private static ModelOptions vector(int bits, int threads) {
        return ModelOptions.defaults()
                .withBackend(Backend.VECTOR)
                .withVectorBits(bits)
                .withThreads(threads);
    }

    private static int[] ids(int n, int vocab) {
        return new Random(n).ints(n, 0, vocab).toArray();
    }

    private void check(NaiveHybrid naive, int[] prompt) {
        Runs.requireLogits(naive.logits(prompt), folder, BACKENDS, prompt, BAR);
    }

    @Test
    void shortConvolutionAndOddHeads() {
        TinyCheckpoint checkpoint = TinyHybrid.checkpoint(ODD, 31, "model.", "F32", false);
        checkpoint.write(folder, TinyHybrid.config("qwen3_5_text", ODD, 31, HALF));
        check(new NaiveHybrid(ODD, "model.", checkpoint.values()), ids(150, 33));
    }

    @Test
    void compositeNamesAndBiases() {
        String prefix = "model.language_model.";
        TinyCheckpoint checkpoint = TinyHybrid.checkpoint(ODD, 7, prefix, "BF16", true);
        checkpoint.zeros("model.visual.patch_embed.proj.weight", "BF16", 2, 3, 1, 2, 2);
        checkpoint.zeros("mtp.layers.0.input_layernorm.weight", "BF16", 30);
        String text = TinyHybrid.config("qwen3_5_text", ODD, 7, """
                "attention_bias": true, "rope_parameters": {"rope_type": "default", "rope_theta": 10000,
                "partial_rotary_factor": 0.5, "mrope_interleaved": true, "mrope_section": [1, 1, 1]}""");
        checkpoint.write(folder, "{\"model_type\": \"qwen3_5\", \"text_config\": " + text + "}");
        check(new NaiveHybrid(ODD, prefix, checkpoint.values()), ids(33, 33));
    }

    /** A convolution of one tap remembers nothing; one key head for all values; projections grouped by key head. */
    @Test
    void groupedProjectionsAndNoWindow() {
        var shape = new NaiveHybrid.Shape(
                new boolean[] {true, true, true, false},
                24,
                2,
                1,
                16,
                4,
                17,
                new NaiveHybrid.Delta(1, 5, 8, 16, 1, true));
        TinyCheckpoint checkpoint = TinyHybrid.checkpoint(shape, 20, "model.", "F16", false);
        checkpoint.write(folder, TinyHybrid.config("qwen3_next", shape, 20, "\"num_experts\": 0"));
        check(new NaiveHybrid(shape, "model.", checkpoint.values()), ids(100, 17));
    }

    /** Token by token is the recurrent form, more is the chunked one; 600 tokens are two calls of the decoder. */
    @Test
    void piecesOfAnySizeGiveTheSameLogits() {
        var shape = new NaiveHybrid.Shape(
                new boolean[] {true, false, true}, 16, 2, 2, 8, 8, 21, new NaiveHybrid.Delta(2, 4, 12, 9, 6, true));
        TinyCheckpoint checkpoint = TinyHybrid.checkpoint(shape, 24, "model.", "F32", false);
        checkpoint.write(
                folder,
                TinyHybrid.config(
                        "qwen3_next", shape, 24, "\"partial_rotary_factor\": 1.0, \"mlp_only_layers\": [0, 1, 2]"));
        int[] prompt = ids(600, 21);
        double[] expected = new NaiveHybrid(shape, "model.", checkpoint.values()).logits(prompt);
        for (ModelOptions options : BACKENDS) {
            try (Model model = Model.open(folder, options)) {
                for (int size : new int[] {1, 2, 7, 31, 63, 64, 65, 100, 599, 600}) {
                    double nmse = Golden.nmse(Runs.logitsInPieces(model, prompt, size), expected);
                    assertTrue(nmse <= BAR, options + ", pieces of " + size + ": NMSE " + nmse);
                }
            }
        }
    }

    @Test
    void threadsDoNotChangeABit() {
        TinyHybrid.checkpoint(ODD, 31, "model.", "F32", false)
                .write(folder, TinyHybrid.config("qwen3_5_text", ODD, 31, HALF));
        int[] prompt = ids(100, 33);
        for (ModelOptions options : List.of(BACKENDS.getFirst(), BACKENDS.getLast())) {
            float[] whole = {};
            float[] pieces = {};
            for (int threads : new int[] {1, 2, 5}) {
                try (Model model = Model.open(folder, options.withThreads(threads))) {
                    float[] logits = Runs.logits(model, prompt);
                    float[] single = Runs.logitsInPieces(model, prompt, 1);
                    if (threads == 1) {
                        whole = logits;
                        pieces = single;
                    }
                    assertArrayEquals(whole, logits, options + ", " + threads + " threads");
                    assertArrayEquals(pieces, single, options + ", " + threads + " threads");
                }
            }
            assertTrue(Arrays.stream(toDouble(whole)).distinct().count() > 100, "logits differ");
        }
    }

    private static double[] toDouble(float[] values) {
        double[] out = new double[values.length];
        Arrays.setAll(out, i -> values[i]);
        return out;
    }
}
