package ingot.tests.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.DType;
import ingot.formats.Progress;
import ingot.formats.block.Dense;
import ingot.quant.ConvertOptions;
import ingot.quant.ConvertResult;
import ingot.quant.Converter;
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

/** Variants of the first Qwen no golden checkpoint has, against {@link NaiveQwen1}. */
final class SyntheticQwen1Test {
    private static final double BAR = 1e-9;
    private static final List<ModelOptions> BACKENDS = List.of(
            ModelOptions.defaults().withBackend(Backend.SCALAR).withThreads(1),
            ModelOptions.defaults().withVectorBits(256).withThreads(2),
            ModelOptions.defaults().withVectorBits(512).withThreads(5));

    @TempDir
    Path folder;

    private static TinyCheckpoint checkpoint(long seed, NaiveQwen.Shape s, int inner, String dtype) {
        var c = new TinyCheckpoint(seed);
        c.matrix("transformer.wte.weight", dtype, s.vocab(), s.hidden(), Math.sqrt(s.hidden()));
        for (int layer = 0; layer < s.layers(); layer++) {
            String p = "transformer.h." + layer + ".";
            c.vector(p + "ln_1.weight", dtype, s.hidden(), 1, 0.2);
            c.linear(p + "attn.c_attn", 3 * s.hidden(), s.hidden(), dtype, true);
            c.linear(p + "attn.c_proj", s.hidden(), s.hidden(), dtype, false);
            c.vector(p + "ln_2.weight", dtype, s.hidden(), 1, 0.2);
            c.linear(p + "mlp.w1", inner, s.hidden(), dtype, false);
            c.linear(p + "mlp.w2", inner, s.hidden(), dtype, false);
            c.linear(p + "mlp.c_proj", s.hidden(), inner, dtype, false);
        }
        c.vector("transformer.ln_f.weight", dtype, s.hidden(), 1, 0.2);
        c.linear("lm_head", s.vocab(), s.hidden(), dtype, false);
        return c;
    }

    private static String first(NaiveQwen.Shape s, int inner, String more) {
        return """
                {"model_type": "qwen", "architectures": ["QWenLMHeadModel"], "n_embd": %d, "n_head": %d, "n_layer": %d,
                 "n_positions": 512, "ffn_hidden_size": %d, "kv_channels": %d, "padded_vocab_size": %d, "vocab_size": 5,
                 %s}""".formatted(s.hidden(), s.heads(), s.layers(), 2 * inner, s.headDim(), s.vocab(), more);
    }

    private static String later(NaiveQwen.Shape s, int inner, String more) {
        return """
                {"model_type": "qwen", "hidden_size": %d, "num_attention_heads": %d, "num_hidden_layers": %d,
                 "intermediate_size": %d, "kv_channels": %d, "vocab_size": %d, "layer_norm_epsilon": 1e-5,
                 %s}""".formatted(s.hidden(), s.heads(), s.layers(), 2 * inner, s.headDim(), s.vocab(), more);
    }

    private static int[] ids(int n, int vocab) {
        return new Random(n).ints(n, 0, vocab).toArray();
    }

    private void check(NaiveQwen1 naive, int[] prompt) {
        double[] whole = naive.logits(prompt, prompt.length);
        int first = Math.max(1, prompt.length / 3);
        double[] grown = naive.logits(prompt, first);
        for (ModelOptions options : BACKENDS) {
            try (Model model = Model.open(folder, options)) {
                double nmse = Golden.nmse(Runs.logits(model, prompt), whole);
                assertTrue(nmse <= BAR, options + ": NMSE " + nmse);
                nmse = Golden.nmse(inTwoThenOneByOne(model, prompt, first), grown);
                assertTrue(nmse <= BAR, options + " with a cache: NMSE " + nmse);
            }
        }
    }

    /** {@code first} tokens at once, then two, then one by one. */
    private static float[] inTwoThenOneByOne(Model model, int[] ids, int first) {
        int vocab = model.info().vocabSize();
        float[] all = new float[ids.length * vocab];
        try (Session session = model.newSession()) {
            for (int at = 0; at < ids.length; ) {
                int size = Math.min(ids.length - at, at == 0 ? first : at == first ? 2 : 1);
                session.forward(
                        Arrays.copyOfRange(ids, at, at + size),
                        (position, row) -> System.arraycopy(row, 0, all, position * vocab, vocab));
                at += size;
            }
        }
        return all;
    }

    @Test
    void halfOfEveryHeadTurns() {
        var shape = new NaiveQwen.Shape(2, 36, 3, 3, 12, 33, new int[2]);
        var c = checkpoint(21, shape, 31, "F32");
        c.write(folder, first(shape, 31, """
                "rotary_pct": 0.5, "seq_length": 7, "use_dynamic_ntk": true, "use_logn_attn": true"""));
        check(new NaiveQwen1(shape, 6, 7, true, true, c.values()), ids(100, 33));
    }

    @Test
    void alphaStepsAtEveryDoubling() {
        var shape = new NaiveQwen.Shape(2, 16, 1, 1, 16, 7, new int[2]);
        var c = checkpoint(22, shape, 7, "BF16");
        c.write(folder, later(shape, 7, "\"seq_length\": 8"));
        var naive = new NaiveQwen1(shape, 16, 8, true, true, c.values());
        for (int n : new int[] {1, 8, 9, 16, 17, 32, 33, 64, 65}) {
            check(naive, ids(n, 7));
        }
        double[] frozen = naive.logits(ids(33, 7), 8);
        float[] rescaled = new float[frozen.length];
        double[] fresh = naive.logits(ids(33, 7), 33);
        for (int i = 0; i < rescaled.length; i++) {
            rescaled[i] = (float) fresh[i];
        }
        assertTrue(Golden.nmse(rescaled, frozen) > 1e-6, "the two ways must differ for this test to mean anything");
    }

    @Test
    void aSessionThatForgetsEverythingStartsAnew() {
        var shape = new NaiveQwen.Shape(1, 16, 2, 2, 8, 31, new int[1]);
        var c = checkpoint(23, shape, 9, "F16");
        c.write(folder, later(shape, 9, "\"seq_length\": 8"));
        int[] long_ = ids(31, 31);
        int[] short_ = ids(5, 31);
        try (Model model = Model.open(folder);
                Session session = model.newSession()) {
            float[] expected = session.forward(short_).clone();
            assertTrue(session.rotatedAlike(8));
            assertFalse(session.rotatedAlike(9));
            session.reset();
            session.forward(long_);
            session.reset();
            assertArrayEquals(expected, session.forward(short_));
        }
    }

    @Test
    void neitherNtkNorLogn() {
        var shape = new NaiveQwen.Shape(2, 20, 2, 2, 10, 33, new int[2]);
        var c = checkpoint(24, shape, 13, "F32");
        // The first release has both off unless told.
        c.write(folder, first(shape, 13, "\"seq_length\": 4"));
        check(new NaiveQwen1(shape, 10, 4, false, false, c.values()), ids(31, 33));
        c.write(folder, first(shape, 13, "\"seq_length\": 4, \"use_logn_attn\": true"));
        check(new NaiveQwen1(shape, 10, 4, false, true, c.values()), ids(31, 33));
        c.write(folder, later(shape, 13, "\"seq_length\": 4, \"use_logn_attn\": false"));
        check(new NaiveQwen1(shape, 10, 4, true, false, c.values()), ids(31, 33));
    }

    @Test
    void aVisionTowerIsNamedAndSkipped() {
        var shape = new NaiveQwen.Shape(1, 16, 2, 2, 8, 31, new int[1]);
        var c = checkpoint(25, shape, 9, "BF16");
        c.zeros("transformer.visual.conv1.weight", "BF16", 3, 2, 2);
        c.zeros("transformer.visual.proj", "BF16", 3, 2);
        c.zeros("transformer.rotary_emb.inv_freq", "F32", 4);
        c.write(folder, later(shape, 9, "\"seq_length\": 8, \"visual\": {\"width\": 3}"));
        check(new NaiveQwen1(shape, 8, 8, true, true, c.values()), ids(7, 31));
        ConvertResult result = new Converter(ConvertOptions.of(new Dense(DType.F32)))
                .convert(folder, folder.resolve("m.ingot"), Progress.none());
        assertEquals(
                List.of("skipped 2 tensors of 'transformer.visual', which is not part of the text model"),
                result.warnings());
        try (Model a = Model.open(folder);
                Model b = Model.open(folder.resolve("m.ingot"))) {
            assertArrayEquals(Runs.logits(a, ids(7, 31)), Runs.logits(b, ids(7, 31)));
        }
    }
}
