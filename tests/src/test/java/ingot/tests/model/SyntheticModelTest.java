package ingot.tests.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.runtime.Model;
import ingot.runtime.ModelOptions;
import ingot.runtime.Session;
import ingot.runtime.kernel.Backend;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Configurations no golden checkpoint has, against {@link NaiveQwen}. */
final class SyntheticModelTest {
    private static final double BAR = 1e-9;
    private static final List<ModelOptions> BACKENDS = List.of(
            ModelOptions.defaults().withBackend(Backend.SCALAR).withThreads(1),
            ModelOptions.defaults()
                    .withBackend(Backend.VECTOR)
                    .withVectorBits(256)
                    .withThreads(2),
            ModelOptions.defaults().withThreads(5));

    @TempDir
    Path folder;

    private static String config(String type, NaiveQwen.Shape s, int inner, String more) {
        String architecture = type.equals("qwen2") ? "Qwen2ForCausalLM" : "Qwen3ForCausalLM";
        return """
                {"architectures": ["%s"], "model_type": "%s", "hidden_size": %d, "num_hidden_layers": %d,
                 "num_attention_heads": %d, "num_key_value_heads": %d, "head_dim": %d, "intermediate_size": %d,
                 "vocab_size": %d, %s}""".formatted(
                        architecture,
                        type,
                        s.hidden(),
                        s.layers(),
                        s.heads(),
                        s.kvHeads(),
                        s.headDim(),
                        inner,
                        s.vocab(),
                        more);
    }

    private static int[] ids(int n, int vocab) {
        return new Random(n).ints(n, 0, vocab).toArray();
    }

    private static NaiveQwen.Angle plain(double theta, int headDim) {
        return (pair, position, length) -> position * Math.pow(theta, -2.0 * pair / headDim);
    }

    private void check(NaiveQwen naive, int[] prompt) {
        Runs.requireLogits(naive.logits(prompt), folder, BACKENDS, prompt, BAR);
    }

    @Test
    void sevenQueryHeadsOnOneKeyHeadWithBiasEverywhere() {
        var shape = new NaiveQwen.Shape(2, 100, 7, 1, 12, 33, new int[2]);
        var checkpoint = new TinyCheckpoint(1);
        checkpoint.decoder(shape, 31, new TinyCheckpoint.Parts("F32", true, true, true, true));
        checkpoint.write(folder, config("qwen3", shape, 31, "\"attention_bias\": true, \"rope_theta\": 5000"));
        check(new NaiveQwen(shape, plain(5000, 12), 1, false, checkpoint.values()), ids(100, 33));
    }

    @Test
    void linearRopeAndNamesWithoutPrefixAndUnusedTensors() {
        var shape = new NaiveQwen.Shape(3, 31, 3, 3, 2, 7, new int[3]);
        var checkpoint = new TinyCheckpoint(2);
        checkpoint.decoder(shape, 7, new TinyCheckpoint.Parts("BF16", true, false, false, true));
        var naive = new NaiveQwen(
                shape, (i, position, n) -> position * Math.pow(10_000, -i) / 2.5, 1, true, checkpoint.values());
        // A head beside tied embeddings must not be used; rotary tables, scalars and empty tensors must not matter.
        for (String name : List.copyOf(checkpoint.values().keySet())) {
            if (name.startsWith("model.")) {
                checkpoint.rename(name, name.substring("model.".length()));
            }
        }
        checkpoint.zeros("layers.0.self_attn.rotary_emb.inv_freq", "F32", 1);
        checkpoint.zeros("layers.9.scalar", "F32");
        checkpoint.zeros("layers.9.empty", "F32", 0, 4);
        checkpoint.zeros("num_batches", "I32", 3);
        checkpoint.write(
                folder,
                config(
                        "qwen2",
                        shape,
                        7,
                        "\"tie_word_embeddings\": true, \"rope_scaling\": {\"rope_type\": \"linear\", \"factor\": 2.5}"));
        check(naive, ids(31, 7));
    }

    @Test
    void dynamicRopeTurnsByTheLengthOfTheCall() {
        int limit = 16;
        double factor = 2;
        int dim = 8;
        NaiveQwen.Angle angle = (pair, position, length) -> {
            double n = Math.max(length, limit);
            double base = 10_000 * Math.pow(factor * n / limit - (factor - 1), dim / (dim - 2.0));
            return position * Math.pow(base, -2.0 * pair / dim);
        };
        var shape = new NaiveQwen.Shape(2, 24, 2, 1, dim, 40, new int[2]);
        var checkpoint = new TinyCheckpoint(3);
        checkpoint.decoder(shape, 33, new TinyCheckpoint.Parts("F16", false, false, true, true));
        checkpoint.write(
                folder,
                config(
                        "qwen3",
                        shape,
                        33,
                        "\"max_position_embeddings\": 16, \"rope_scaling\": {\"type\": \"dynamic\", \"factor\": 2.0}"));
        var naive = new NaiveQwen(shape, angle, 1, false, checkpoint.values());
        int[] prompt = ids(40, 40);
        check(naive, prompt);
        check(naive, Arrays.copyOf(prompt, 7));
        // With a cache: 13 tokens at once, then one by one; keys keep the rotation they were cached with.
        int[] lengths = new int[prompt.length];
        Arrays.setAll(lengths, t -> t < 13 ? 13 : t + 1);
        double[] expected = naive.logits(prompt, lengths);
        try (Model model = Model.open(folder);
                Session session = model.newSession()) {
            float[] logits = new float[prompt.length * 40];
            session.forward(Arrays.copyOf(prompt, 13), (p, row) -> System.arraycopy(row, 0, logits, p * 40, 40));
            for (int t = 13; t < prompt.length; t++) {
                System.arraycopy(session.forward(prompt[t]), 0, logits, t * 40, 40);
            }
            double nmse = Golden.nmse(logits, expected);
            assertTrue(nmse <= BAR, "cached: NMSE " + nmse);
        }
        double difference = Golden.nmse(toFloat(naive.logits(prompt)), expected);
        assertTrue(difference > 1e-6, "the two ways must differ for this test to mean anything: " + difference);
    }

    @Test
    void yarnWithEverySettingInTheNewSpelling() {
        int dim = 16;
        int original = 32;
        double factor = 3;
        double theta = 1000;
        double low = Math.max(0, dim * Math.log(original / (8 * 2 * Math.PI)) / (2 * Math.log(theta)));
        double high = Math.min(dim - 1, dim * Math.log(original / (0.5 * 2 * Math.PI)) / (2 * Math.log(theta)));
        NaiveQwen.Angle angle = (pair, position, length) -> {
            double ramp = Math.min(1, Math.max(0, (pair - low) / (high - low)));
            double frequency = Math.pow(theta, -2.0 * pair / dim);
            return position * (frequency / factor * ramp + frequency * (1 - ramp));
        };
        double magnitude = (0.1 * 0.7 * Math.log(factor) + 1) / (0.1 * 1.3 * Math.log(factor) + 1);
        var shape = new NaiveQwen.Shape(2, 32, 4, 2, dim, 50, new int[2]);
        var checkpoint = new TinyCheckpoint(4);
        checkpoint.decoder(shape, 40, new TinyCheckpoint.Parts("F64", true, false, false, true));
        checkpoint.write(folder, config("qwen2", shape, 40, """
                        "dtype": "float64", "rope_parameters": {"rope_type": "yarn", "rope_theta": 1000.0, "factor": 3.0,
                         "original_max_position_embeddings": 32, "beta_fast": 8, "beta_slow": 0.5, "mscale": 0.7,
                         "mscale_all_dim": 1.3, "truncate": false}"""));
        check(new NaiveQwen(shape, angle, magnitude, false, checkpoint.values()), ids(90, 50));
    }

    @Test
    void windowsByLayerTypesAcrossPages() {
        var shape = new NaiveQwen.Shape(4, 20, 2, 2, 10, 21, new int[] {70, 0, 70, 70});
        var checkpoint = new TinyCheckpoint(5);
        checkpoint.decoder(shape, 17, new TinyCheckpoint.Parts("F32", false, false, true, true));
        checkpoint.write(folder, config("qwen3", shape, 17, """
                "use_sliding_window": true, "sliding_window": 70, "max_window_layers": 0,
                "layer_types": ["sliding_attention", "full_attention", "sliding_attention", "sliding_attention"]"""));
        check(new NaiveQwen(shape, plain(10_000, 10), 1, false, checkpoint.values()), ids(200, 21));
    }

    @Test
    void windowsFromMaxWindowLayersOn() {
        var shape = new NaiveQwen.Shape(3, 20, 2, 1, 10, 21, new int[] {0, 1, 1});
        var checkpoint = new TinyCheckpoint(6);
        checkpoint.decoder(shape, 1, new TinyCheckpoint.Parts("F32", true, false, false, true));
        checkpoint.write(
                folder,
                config(
                        "qwen2",
                        shape,
                        1,
                        "\"use_sliding_window\": true, \"sliding_window\": 1, \"max_window_layers\": 1"));
        check(new NaiveQwen(shape, plain(10_000, 10), 1, false, checkpoint.values()), ids(33, 21));
    }

    /** 1100 tokens are three chunks; pieces of any size are the same text. */
    @Test
    void piecesOfAnySizeGiveTheSameLogits() {
        var shape = new NaiveQwen.Shape(2, 16, 3, 1, 6, 33, new int[] {0, 100});
        var checkpoint = new TinyCheckpoint(7);
        checkpoint.decoder(shape, 24, new TinyCheckpoint.Parts("BF16", true, false, false, false));
        checkpoint.write(folder, config("qwen2", shape, 24, """
                "tie_word_embeddings": true, "use_sliding_window": true, "sliding_window": 100,
                "max_window_layers": 1"""));
        int[] prompt = ids(1100, 33);
        var naive = new NaiveQwen(shape, plain(10_000, 6), 1, true, checkpoint.values());
        check(naive, prompt);
        try (Model model = Model.open(folder)) {
            double[] expected = naive.logits(Arrays.copyOf(prompt, 200));
            for (int size : new int[] {1, 7, 31, 64, 65, 100, 199}) {
                float[] logits = Runs.logitsInPieces(model, Arrays.copyOf(prompt, 200), size);
                double nmse = Golden.nmse(logits, expected);
                assertTrue(nmse <= BAR, "pieces of " + size + ": NMSE " + nmse);
            }
            float[] last = new float[33];
            try (Session session = model.newSession()) {
                System.arraycopy(session.forward(prompt), 0, last, 0, 33);
                assertEquals(1100, session.position());
            }
            float[] all = Runs.logits(model, prompt);
            double nmse = Golden.nmse(last, toDouble(Arrays.copyOfRange(all, 1099 * 33, 1100 * 33)));
            assertTrue(nmse <= BAR, "last row: NMSE " + nmse);
        }
    }

    private static float[] toFloat(double[] values) {
        float[] out = new float[values.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = (float) values[i];
        }
        return out;
    }

    private static double[] toDouble(float[] values) {
        double[] out = new double[values.length];
        Arrays.setAll(out, i -> values[i]);
        return out;
    }
}
