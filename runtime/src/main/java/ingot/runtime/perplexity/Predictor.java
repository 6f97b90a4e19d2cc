package ingot.runtime.perplexity;

import ingot.runtime.LogitsConsumer;
import ingot.runtime.Model;
import ingot.runtime.Session;
import java.util.Arrays;

/** Anything that predicts the tokens of a window. */
public interface Predictor extends AutoCloseable {
    /** Logits per position. */
    int vocabSize();

    /**
     * Runs {@code window} from an empty context and hands out the logits at the positions {@code from} and after, in
     * order.
     */
    void predict(int[] window, int from, LogitsConsumer sink);

    @Override
    void close();

    /** A model, on a session of its own; closing it leaves the model open. */
    static Predictor of(Model model) {
        Session session = model.newSession();
        return new Predictor() {
            @Override
            public int vocabSize() {
                return model.info().vocabSize();
            }

            @Override
            public void predict(int[] window, int from, LogitsConsumer sink) {
                session.reset();
                // The output head is a third of the work of a small model: the unscored half does without.
                if (from > 0) {
                    session.forward(Arrays.copyOf(window, from));
                }
                session.forward(Arrays.copyOfRange(window, from, window.length), sink);
            }

            @Override
            public void close() {
                session.close();
            }
        };
    }
}
