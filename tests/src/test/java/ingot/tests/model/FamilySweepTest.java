package ingot.tests.model;

import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.runtime.Model;
import ingot.runtime.ModelOptions;
import ingot.runtime.Session;
import ingot.runtime.kernel.Backend;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random sizes of mixtures of experts and of gated DeltaNet against {@link NaiveQwen} and {@link NaiveHybrid}. */
final class FamilySweepTest {
    private static final double BAR = 1e-9;
    /** The project's bar for models with a gated DeltaNet. */
    private static final double HYBRID_BAR = 1e-8;

    private static final List<ModelOptions> BACKENDS = List.of(
            ModelOptions.defaults().withBackend(Backend.SCALAR).withThreads(2),
            ModelOptions.defaults().withVectorBits(128).withThreads(1),
            ModelOptions.defaults().withVectorBits(256).withThreads(3),
            ModelOptions.defaults().withVectorBits(512).withThreads(2));

    /** Around the chunks of 16 of the delta rule, and of 64 of the reference. */
    private static final int[] LENGTHS = {1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100};

    private static final List<String> DTYPES = List.of("F32", "BF16", "F16");

    @TempDir
    Path folder;

    private static int pick(Random random, int... values) {
        return values[random.nextInt(values.length)];
    }

    private static int between(Random random, int low, int high) {
        return low + random.nextInt(high - low + 1);
    }

    private void check(double[] expected, int[] prompt, double bar, Random random, String what) {
        for (ModelOptions options : BACKENDS) {
            try (Model model = Model.open(folder, options)) {
                double nmse = Golden.nmse(Runs.logits(model, prompt), expected);
                assertTrue(nmse <= bar, what + ", " + options + ": NMSE " + nmse);
                int[] ends = random.ints(between(random, 1, 6), 1, prompt.length + 1)
                        .sorted()
                        .distinct()
                        .toArray();
                nmse = Golden.nmse(upTo(model, prompt, ends), expected);
                assertTrue(nmse <= bar, what + ", " + options + ", calls to " + Arrays.toString(ends) + ": " + nmse);
            }
        }
    }

    /** Calls that end at {@code ends} and at the end of the prompt. */
    private static float[] upTo(Model model, int[] ids, int... ends) {
        int vocab = model.info().vocabSize();
        float[] all = new float[ids.length * vocab];
        try (Session session = model.newSession()) {
            int at = 0;
            for (int i = 0; i <= ends.length; i++) {
                int end = i < ends.length ? ends[i] : ids.length;
                if (end > at) {
                    session.forward(
                            Arrays.copyOfRange(ids, at, end),
                            (position, row) -> System.arraycopy(row, 0, all, position * vocab, vocab));
                }
                at = end;
            }
        }
        return all;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void mixturesOfExperts(int seed) {
        var random = new Random(seed);
        boolean qwen2 = seed % 2 == 0;
        int kvHeads = between(random, 1, 3);
        int heads = kvHeads * pick(random, 1, 2, 3, 7);
        int layers = between(random, 1, 5);
        var shape = new NaiveQwen.Shape(
                layers,
                between(random, 5, 41),
                heads,
                kvHeads,
                2 * between(random, 1, 9),
                between(random, 7, 61),
                new int[layers]);
        var moe = new TinyCheckpoint.Experts(
                between(random, 1, 11), between(random, 1, 35), qwen2 ? between(random, 1, 40) : 0);
        int chosen = between(random, 1, moe.count());
        int step = between(random, 1, 3);
        int dense = random.nextInt(layers);
        boolean normalize = random.nextBoolean();
        String dtype = DTYPES.get(random.nextInt(3));
        var checkpoint = new TinyCheckpoint(seed);
        checkpoint.decoder(shape, 13, new TinyCheckpoint.Parts(dtype, qwen2, false, !qwen2, true));
        for (int layer = 0; layer < layers; layer++) {
            if (layer != dense && (layer + 1) % step == 0) {
                checkpoint.experts(layer, shape.hidden(), moe, dtype);
                if (random.nextInt(3) == 0) {
                    checkpoint.fuse(layer, shape.hidden(), moe, dtype);
                }
            }
        }
        String config = """
                {"model_type": "%s", "hidden_size": %d, "num_hidden_layers": %d, "num_attention_heads": %d,
                 "num_key_value_heads": %d, "head_dim": %d, "intermediate_size": 13, "vocab_size": %d, "num_experts": %d,
                 "moe_intermediate_size": %d, "shared_expert_intermediate_size": %d, "num_experts_per_tok": %d,
                 "norm_topk_prob": %b, "decoder_sparse_step": %d, "mlp_only_layers": [%d]}""".formatted(
                        qwen2 ? "qwen2_moe" : "qwen3_moe",
                        shape.hidden(),
                        layers,
                        heads,
                        kvHeads,
                        shape.headDim(),
                        shape.vocab(),
                        moe.count(),
                        moe.inner(),
                        moe.shared(),
                        chosen,
                        normalize,
                        step,
                        dense);
        // The formulas know experts one by one: the same values, before any were fused.
        var single = new TinyCheckpoint(seed);
        single.decoder(shape, 13, new TinyCheckpoint.Parts(dtype, qwen2, false, !qwen2, true));
        for (int layer = 0; layer < layers; layer++) {
            if (layer != dense && (layer + 1) % step == 0) {
                single.experts(layer, shape.hidden(), moe, dtype);
            }
        }
        checkpoint.write(folder, config);
        NaiveQwen.Angle angle = (pair, position, length) -> position * Math.pow(10_000, -2.0 * pair / shape.headDim());
        NaiveQwen naive = new NaiveQwen(shape, angle, 1, false, single.values()).experts(chosen, normalize);
        int[] prompt = random.ints(pick(random, LENGTHS), 0, shape.vocab()).toArray();
        check(naive.logits(prompt), prompt, BAR, random, config);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void gatedDeltaNets(int seed) {
        var random = new Random(seed);
        boolean next = seed % 2 == 0;
        int keyHeads = between(random, 1, 3);
        var delta = new NaiveHybrid.Delta(
                keyHeads,
                keyHeads * between(random, 1, 4),
                between(random, 3, 24),
                between(random, 3, 20),
                between(random, 1, 5),
                next);
        boolean[] linear = new boolean[between(random, 1, 4)];
        for (int i = 0; i < linear.length; i++) {
            linear[i] = i == 0 || random.nextInt(3) > 0;
        }
        int kvHeads = between(random, 1, 2);
        int headDim = 2 * between(random, 1, 10);
        int rotary = 2 * between(random, 1, headDim / 2);
        var shape = new NaiveHybrid.Shape(
                linear,
                between(random, 5, 40),
                kvHeads * pick(random, 1, 3),
                kvHeads,
                headDim,
                rotary,
                between(random, 7, 50),
                delta);
        String dtype = DTYPES.get(random.nextInt(3));
        TinyCheckpoint checkpoint = TinyHybrid.checkpoint(shape, 11, "model.", dtype, false);
        // From states that never fade to ones that are gone after one token.
        double decay = pick(random, -9, -2, 0, 4);
        var moe = new TinyCheckpoint.Experts(between(random, 2, 7), between(random, 1, 9), between(random, 1, 9));
        int chosen = between(random, 1, moe.count());
        for (int layer = 0; layer < linear.length; layer++) {
            if (linear[layer]) {
                checkpoint.vector("model.layers." + layer + ".linear_attn.A_log", "F32", delta.valueHeads(), decay, 1);
            }
            if (next && layer > 0) {
                checkpoint.experts("model.layers." + layer + ".mlp.", shape.hidden(), moe, dtype);
            }
        }
        String experts = next ? """
                 "num_experts": %d, "num_experts_per_tok": %d, "moe_intermediate_size": %d,
                 "shared_expert_intermediate_size": %d, "mlp_only_layers": [0], """.formatted(moe.count(), chosen, moe.inner(), moe.shared()) : "";
        double part = rotary == headDim ? 1 : (rotary + 0.5) / headDim;
        String config = TinyHybrid.config(
                next ? "qwen3_next" : "qwen3_5_text", shape, 11, experts + "\"partial_rotary_factor\": " + part);
        checkpoint.write(folder, config);
        NaiveHybrid naive = new NaiveHybrid(shape, "model.", checkpoint.values()).experts(chosen, true);
        int[] prompt = random.ints(100, 0, shape.vocab()).toArray();
        double[] expected = naive.logits(prompt);
        check(expected, prompt, HYBRID_BAR, random, config);
        // The recurrence and its chunks agree at every boundary, before it and behind it.
        try (Model model = Model.open(folder, BACKENDS.get(seed % BACKENDS.size()))) {
            for (int length : LENGTHS) {
                double nmse = Golden.nmse(upTo(model, prompt, length), expected);
                assertTrue(nmse <= HYBRID_BAR, config + ", a call to " + length + " and the rest: NMSE " + nmse);
            }
            double nmse = Golden.nmse(Runs.logitsInPieces(model, prompt, 1), expected);
            assertTrue(nmse <= HYBRID_BAR, config + ", token by token: NMSE " + nmse);
        }
    }
}
