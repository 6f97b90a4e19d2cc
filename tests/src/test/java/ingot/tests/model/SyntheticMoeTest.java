package ingot.tests.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.Progress;
import ingot.formats.block.Int4;
import ingot.quant.ConvertOptions;
import ingot.quant.Converter;
import ingot.runtime.Model;
import ingot.runtime.ModelOptions;
import ingot.runtime.kernel.Backend;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Mixtures of experts no golden checkpoint has, against {@link NaiveQwen}. */
final class SyntheticMoeTest {
    private static final double BAR = 1e-9;
    private static final ModelOptions SCALAR = ModelOptions.defaults().withBackend(Backend.SCALAR);
    private static final List<ModelOptions> BACKENDS = List.of(
            SCALAR.withThreads(1),
            ModelOptions.defaults().withVectorBits(256).withThreads(2),
            ModelOptions.defaults().withVectorBits(512).withThreads(5));

    @TempDir
    Path folder;

    private static String config(String type, NaiveQwen.Shape s, TinyCheckpoint.Experts moe, String more) {
        return """
                {"model_type": "%s", "hidden_size": %d, "num_hidden_layers": %d, "num_attention_heads": %d,
                 "num_key_value_heads": %d, "head_dim": %d, "intermediate_size": 31, "vocab_size": %d,
                 "num_experts": %d, "moe_intermediate_size": %d, %s}""".formatted(
                        type,
                        s.hidden(),
                        s.layers(),
                        s.heads(),
                        s.kvHeads(),
                        s.headDim(),
                        s.vocab(),
                        moe.count(),
                        moe.inner(),
                        more);
    }

    private static NaiveQwen naive(NaiveQwen.Shape s, TinyCheckpoint checkpoint) {
        NaiveQwen.Angle angle = (pair, position, length) -> position * Math.pow(10_000, -2.0 * pair / s.headDim());
        return new NaiveQwen(s, angle, 1, false, checkpoint.values());
    }

    private static int[] ids(int n, int vocab) {
        return new Random(n).ints(n, 0, vocab).toArray();
    }

    private void check(NaiveQwen naive, int[] prompt) {
        double[] expected = naive.logits(prompt);
        float[] scalar = null;
        for (ModelOptions options : BACKENDS) {
            try (Model model = Model.open(folder, options)) {
                double nmse = Golden.nmse(Runs.logits(model, prompt), expected);
                assertTrue(nmse <= BAR, options + ": NMSE " + nmse);
                double pieces = Golden.nmse(Runs.logitsInPieces(model, prompt, 1), expected);
                assertTrue(pieces <= BAR, options + " token by token: NMSE " + pieces);
                scalar = scalar == null ? Runs.logits(model, prompt) : scalar;
            }
        }
        try (Model model = Model.open(folder, SCALAR.withThreads(5))) {
            assertArrayEquals(scalar, Runs.logits(model, prompt), "threads");
        }
    }

    @Test
    void sevenExpertsOfWhichFourOnEverySecondLayer() {
        var shape = new NaiveQwen.Shape(5, 33, 3, 1, 10, 40, new int[5]);
        var moe = new TinyCheckpoint.Experts(7, 15, 0);
        var checkpoint = new TinyCheckpoint(11);
        checkpoint.decoder(shape, 31, new TinyCheckpoint.Parts("F32", false, false, true, true));
        checkpoint.experts(1, 33, moe, "F32");
        checkpoint.experts(3, 33, moe, "F32");
        checkpoint.write(folder, config("qwen3_moe", shape, moe, """
                "num_experts_per_tok": 4, "norm_topk_prob": true, "decoder_sparse_step": 2, "mlp_only_layers": []"""));
        check(naive(shape, checkpoint).experts(4, true), ids(70, 40));
    }

    @Test
    void sharedExpertWithoutRenormalisingAndLayersOfOneMlp() {
        var shape = new NaiveQwen.Shape(4, 24, 2, 2, 12, 33, new int[4]);
        var moe = new TinyCheckpoint.Experts(5, 7, 100);
        var checkpoint = new TinyCheckpoint(12);
        checkpoint.decoder(shape, 31, new TinyCheckpoint.Parts("BF16", true, false, false, true));
        for (int layer : new int[] {0, 3}) {
            checkpoint.experts(layer, 24, moe, "BF16");
        }
        checkpoint.write(folder, config("qwen2_moe", shape, moe, """
                "num_experts_per_tok": 1, "shared_expert_intermediate_size": 100, "mlp_only_layers": [2, 1]"""));
        check(naive(shape, checkpoint).experts(1, false), ids(31, 33));
    }

    @Test
    void everyExpertOfEveryTokenNormalisedBesideAShared() {
        var shape = new NaiveQwen.Shape(1, 16, 1, 1, 16, 7, new int[1]);
        var moe = new TinyCheckpoint.Experts(3, 1, 1);
        var checkpoint = new TinyCheckpoint(13);
        checkpoint.decoder(shape, 31, new TinyCheckpoint.Parts("F16", false, false, false, true));
        checkpoint.experts(0, 16, moe, "F16");
        checkpoint.write(folder, config("qwen2_moe", shape, moe, """
                "num_experts_per_tok": 3, "shared_expert_intermediate_size": 1, "norm_topk_prob": true,
                "qkv_bias": false"""));
        check(naive(shape, checkpoint).experts(3, true), ids(7, 7));
    }

    /** Fused or single, the numbers are the same bits: an expert is a slice of the stored tensor. */
    @Test
    void expertsInOneTensorAreTheSameModel() {
        var shape = new NaiveQwen.Shape(2, 20, 2, 1, 10, 33, new int[2]);
        var moe = new TinyCheckpoint.Experts(7, 9, 0);
        var checkpoint = new TinyCheckpoint(14);
        checkpoint.decoder(shape, 31, new TinyCheckpoint.Parts("BF16", false, false, true, true));
        checkpoint.experts(0, 20, moe, "BF16");
        checkpoint.experts(1, 20, moe, "BF16");
        String config = config("qwen3_moe", shape, moe, "\"num_experts_per_tok\": 2");
        checkpoint.write(folder, config);
        NaiveQwen naive = naive(shape, checkpoint).experts(2, false);
        float[] single;
        try (Model model = Model.open(folder)) {
            single = Runs.logits(model, ids(33, 33));
        }
        checkpoint.fuse(0, 20, moe, "BF16");
        checkpoint.fuse(1, 20, moe, "BF16");
        checkpoint.write(folder, config);
        check(naive, ids(33, 33));
        try (Model model = Model.open(folder)) {
            assertArrayEquals(single, Runs.logits(model, ids(33, 33)));
        }
        Path file = folder.resolve("m.ingot");
        new Converter(ConvertOptions.of(new Int4(32))).convert(folder, file, Progress.none());
        try (Model model = Model.open(file)) {
            assertEquals("int4 g32", model.info().type());
            double nmse = Golden.nmse(Runs.logits(model, ids(33, 33)), toDouble(single));
            assertTrue(nmse > 1e-9 && nmse < 0.3, "NMSE " + nmse);
        }
    }

    /** One expert may get the whole chunk. */
    @Test
    void allTokensAlikeGoToTheSameExperts() {
        var shape = new NaiveQwen.Shape(2, 20, 2, 1, 10, 33, new int[2]);
        var moe = new TinyCheckpoint.Experts(31, 6, 0);
        var checkpoint = new TinyCheckpoint(15);
        checkpoint.decoder(shape, 31, new TinyCheckpoint.Parts("F32", false, false, true, true));
        checkpoint.experts(0, 20, moe, "F32");
        checkpoint.experts(1, 20, moe, "F32");
        checkpoint.write(folder, config("qwen3_moe", shape, moe, "\"num_experts_per_tok\": 5"));
        int[] prompt = new int[100];
        Arrays.fill(prompt, 3);
        check(naive(shape, checkpoint).experts(5, false), prompt);
    }

    private static double[] toDouble(float[] values) {
        double[] out = new double[values.length];
        Arrays.setAll(out, i -> values[i]);
        return out;
    }
}
