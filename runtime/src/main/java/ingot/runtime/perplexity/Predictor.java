package ingot.runtime.perplexity;

import ingot.runtime.Batch;
import ingot.runtime.BatchConsumer;
import ingot.runtime.LogitsConsumer;
import ingot.runtime.Model;
import ingot.runtime.Session;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Anything that predicts the tokens of a window. */
public interface Predictor extends AutoCloseable {
    /** Tokens of the windows that a model is given at once: the halves of short ones fill a chunk. */
    int ROWS = 1024;

    /** Logits per position. */
    int vocabSize();

    /**
     * Runs {@code window} from an empty context and hands out the logits at the positions {@code from} and after, in
     * order.
     */
    void predict(int[] window, int from, LogitsConsumer sink);

    /** How many windows of {@code context} tokens are best predicted in one call. */
    default int together(int context) {
        return 1;
    }

    /** The same for several windows, window after window; a window's logits do not depend on the others. */
    default void predict(List<int[]> windows, int from, BatchConsumer sink) {
        for (int i = 0; i < windows.size(); i++) {
            int window = i;
            predict(windows.get(i), from, (position, logits) -> sink.accept(window, position, logits));
        }
    }

    @Override
    void close();

    /** A model, on sessions of its own; closing it leaves the model open. */
    static Predictor of(Model model) {
        List<Session> sessions = new ArrayList<>();
        Batch batch = model.newBatch();
        return new Predictor() {
            @Override
            public int vocabSize() {
                return model.info().vocabSize();
            }

            @Override
            public int together(int context) {
                return Math.max(1, ROWS / context);
            }

            @Override
            public void predict(int[] window, int from, LogitsConsumer sink) {
                predict(List.of(window), from, (i, position, logits) -> sink.accept(position, logits));
            }

            @Override
            public void predict(List<int[]> windows, int from, BatchConsumer sink) {
                // The output head is a third of the work of a small model: the unscored half does without.
                List<Batch.Input> unscored = new ArrayList<>();
                List<Batch.Input> scored = new ArrayList<>();
                for (int i = 0; i < windows.size(); i++) {
                    if (i == sessions.size()) {
                        sessions.add(model.newSession());
                    }
                    Session session = sessions.get(i);
                    session.reset();
                    int[] window = windows.get(i);
                    unscored.add(new Batch.Input(session, Arrays.copyOf(window, from)));
                    scored.add(new Batch.Input(session, Arrays.copyOfRange(window, from, window.length)));
                }
                if (from > 0) {
                    batch.step(unscored);
                }
                batch.step(scored, sink);
            }

            @Override
            public void close() {
                sessions.forEach(Session::close);
            }
        };
    }
}
