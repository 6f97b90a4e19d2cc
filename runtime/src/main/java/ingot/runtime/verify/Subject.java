package ingot.runtime.verify;

import ingot.runtime.HiddenConsumer;
import ingot.runtime.LogitsConsumer;
import ingot.runtime.Model;
import ingot.runtime.Session;

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

    @Override
    void close();

    /** A model, on one session of its own; closing it leaves the model open. */
    static Subject of(Model model) {
        Session session = model.newSession();
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
            public void close() {
                session.close();
            }
        };
    }
}
