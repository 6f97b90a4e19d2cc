package ingot.tests.model;

import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.runtime.Model;
import ingot.runtime.ModelOptions;
import ingot.runtime.Session;
import ingot.runtime.sample.Sampler;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What the tests do with a session. */
final class Runs {
    private Runs() {}

    /** Logits at every position, [tokens][vocab]. */
    static float[] logits(Model model, int[] ids) {
        int vocab = model.info().vocabSize();
        float[] all = new float[ids.length * vocab];
        try (Session session = model.newSession()) {
            session.forward(ids, (position, row) -> System.arraycopy(row, 0, all, position * vocab, vocab));
        }
        return all;
    }

    /** The model in a folder has the logits that are expected, [tokens][vocab], in each way to run it. */
    static void requireLogits(double[] expected, Path folder, List<ModelOptions> ways, int[] prompt, double bar) {
        for (ModelOptions options : ways) {
            try (Model model = Model.open(folder, options)) {
                double nmse = Golden.nmse(logits(model, prompt), expected);
                assertTrue(nmse <= bar, options + ": NMSE " + nmse);
            }
        }
    }

    /** Logits at every position, the prompt fed in pieces of {@code size}. */
    static float[] logitsInPieces(Model model, int[] ids, int size) {
        int vocab = model.info().vocabSize();
        float[] all = new float[ids.length * vocab];
        try (Session session = model.newSession()) {
            for (int at = 0; at < ids.length; at += size) {
                int[] piece = Arrays.copyOfRange(ids, at, Math.min(ids.length, at + size));
                session.forward(piece, (position, row) -> System.arraycopy(row, 0, all, position * vocab, vocab));
            }
        }
        return all;
    }

    static Map<String, float[]> hidden(Model model, int[] ids) {
        int width = model.info().hidden();
        Map<String, float[]> states = new TreeMap<>();
        try (Session session = model.newSession()) {
            session.trace(
                    ids,
                    (name, position, row) -> System.arraycopy(
                            row,
                            0,
                            states.computeIfAbsent(name, n -> new float[ids.length * width]),
                            position * width,
                            width));
        }
        return states;
    }

    /** Greedy continuation, everything computed anew at each step. */
    static int[] greedyRecomputed(Model model, int[] prompt, int count) {
        int[] ids = Arrays.copyOf(prompt, prompt.length + count);
        try (Session session = model.newSession()) {
            for (int i = 0; i < count; i++) {
                session.reset();
                ids[prompt.length + i] = Sampler.argmax(session.forward(Arrays.copyOf(ids, prompt.length + i)));
            }
        }
        return Arrays.copyOfRange(ids, prompt.length, ids.length);
    }

    /** Greedy continuation with the cache. */
    static int[] greedyCached(Model model, int[] prompt, int count) {
        int[] made = new int[count];
        try (Session session = model.newSession()) {
            float[] logits = session.forward(prompt);
            for (int i = 0; i < count; i++) {
                made[i] = Sampler.argmax(logits);
                logits = session.forward(made[i]);
            }
        }
        return made;
    }
}
