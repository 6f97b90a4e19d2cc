package ingot.runtime.verify;

import ingot.runtime.Batch;
import ingot.runtime.BatchConsumer;
import ingot.runtime.HiddenConsumer;
import ingot.runtime.LogitsConsumer;
import ingot.runtime.Model;
import ingot.runtime.Session;
import java.util.ArrayList;
import java.util.List;

/** What can be verified: anything that continues token sequences. Each call starts from an empty context. */
public interface Subject extends AutoCloseable {
    /** Logits per position. */
    int vocabSize();

    /** Hands out the logits at every position of {@code tokens}, in order. */
    void logits(int[] tokens, LogitsConsumer sink);

    /** Hands out the hidden states at every position. */
    void trace(int[] tokens, HiddenConsumer sink);

    /** The greedy continuation of {@code prompt}, its own cache in use: {@code count} tokens. */
    int[] greedy(int[] prompt, int count);

    /** The most likely token after {@code tokens}, everything computed anew. */
    int next(int[] tokens);

    /** {@link #logits} of several texts, text after text; those of one do not depend on the others. */
    default void logits(List<int[]> texts, BatchConsumer sink) {
        for (int i = 0; i < texts.size(); i++) {
            int text = i;
            logits(texts.get(i), (position, logits) -> sink.accept(text, position, logits));
        }
    }

    /** {@link #next} of several texts. */
    default int[] next(List<int[]> texts) {
        return texts.stream().mapToInt(this::next).toArray();
    }

    @Override
    void close();

    /** A model, on sessions of its own; closing it leaves the model open. */
    static Subject of(Model model) {
        Session session = model.newSession();
        List<Session> sessions = new ArrayList<>(List.of(session));
        Batch batch = model.newBatch();
        return new Subject() {
            @Override
            public int vocabSize() {
                return model.info().vocabSize();
            }

            @Override
            public void logits(int[] tokens, LogitsConsumer sink) {
                session.reset();
                session.forward(tokens, sink);
            }

            @Override
            public void trace(int[] tokens, HiddenConsumer sink) {
                session.reset();
                session.trace(tokens, sink);
            }

            @Override
            public int[] greedy(int[] prompt, int count) {
                session.reset();
                int[] ids = new int[count];
                for (int i = 0; i < count; i++) {
                    float[] logits = i == 0 ? session.forward(prompt) : session.forward(ids[i - 1]);
                    ids[i] = Distributions.argmax(logits);
                }
                return ids;
            }

            @Override
            public int next(int[] tokens) {
                session.reset();
                return Distributions.argmax(session.forward(tokens));
            }

            @Override
            public void logits(List<int[]> texts, BatchConsumer sink) {
                batch.step(inputs(texts), sink);
            }

            @Override
            public int[] next(List<int[]> texts) {
                return batch.step(inputs(texts)).stream()
                        .mapToInt(Distributions::argmax)
                        .toArray();
            }

            private List<Batch.Input> inputs(List<int[]> texts) {
                List<Batch.Input> inputs = new ArrayList<>();
                for (int i = 0; i < texts.size(); i++) {
                    if (i == sessions.size()) {
                        sessions.add(model.newSession());
                    }
                    sessions.get(i).reset();
                    inputs.add(new Batch.Input(sessions.get(i), texts.get(i)));
                }
                return inputs;
            }

            @Override
            public void close() {
                sessions.forEach(Session::close);
            }
        };
    }
}
