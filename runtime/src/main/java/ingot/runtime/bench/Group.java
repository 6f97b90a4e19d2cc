package ingot.runtime.bench;

import ingot.runtime.Batch;
import ingot.runtime.Model;
import ingot.runtime.Session;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Sessions that go on together, each with a random text of its own. One goes on alone, as a conversation does. */
final class Group implements AutoCloseable {
    private final List<Session> sessions = new ArrayList<>();
    private final List<int[]> texts = new ArrayList<>();
    private final Batch batch;

    /** @param length of the texts */
    Group(Model model, int count, int length) {
        batch = model.newBatch();
        for (int i = 0; i < count; i++) {
            sessions.add(model.newSession());
            texts.add(
                    new Random(1 + i).ints(length, 0, model.info().vocabSize()).toArray());
        }
    }

    /** Where all of them are. */
    int position() {
        return sessions.getFirst().position();
    }

    void truncate(int position) {
        sessions.forEach(session -> session.truncate(position));
    }

    /** The tokens {@code from} … {@code to} − 1 of every text. */
    void forward(int from, int to) {
        if (sessions.size() == 1) {
            sessions.getFirst().forward(Arrays.copyOfRange(texts.getFirst(), from, to));
            return;
        }
        List<Batch.Input> inputs = new ArrayList<>();
        for (int i = 0; i < sessions.size(); i++) {
            inputs.add(new Batch.Input(sessions.get(i), Arrays.copyOfRange(texts.get(i), from, to)));
        }
        batch.step(inputs);
    }

    @Override
    public void close() {
        sessions.forEach(Session::close);
    }
}
