package ingot.runtime;

import ingot.formats.IngotException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Computes tokens of several sessions of one model in one step: every matrix is read once for all of them, attention and
 * recurrent layers go session by session. Sessions may come and go from step to step, and be used alone in between. It has
 * buffers and nothing else; not for two threads at once (that is refused with {@link IllegalStateException}).
 *
 * <p>In a step of two or more sessions none of the others changes a bit of a session's results, nor does their number.
 * docs/decisions/0087-batches.md says when they also have the bits of the session alone, and where mixtures of experts are the
 * exception.
 *
 * <p>A step that fails leaves all of its sessions as they were before. It throws {@link IngotException.Usage} for what a
 * session alone refuses, for no input at all, for one session twice and for sessions of another model.
 */
public final class Batch {
    private final Step step;
    private final AtomicBoolean busy = new AtomicBoolean();
    private final List<float[]> logits = new ArrayList<>();
    private final List<float[]> view = Collections.unmodifiableList(logits);

    /**
     * What a session is given.
     *
     * @param tokens that come next, at least one
     */
    @SuppressWarnings("ArrayRecordComponent") // what a call is given, never compared
    public record Input(Session session, int... tokens) {}

    Batch(Step step) {
        this.step = step;
    }

    /**
     * Appends tokens to sessions.
     *
     * @return the logits [vocab] after the last token of every input, in their order; the list is reused by the next step,
     *     an array by the next call of its session
     */
    public List<float[]> step(List<Input> inputs) {
        enter();
        try {
            step.last(inputs);
            logits.clear();
            for (Input input : inputs) {
                logits.add(input.session().lastLogits());
            }
            return view;
        } finally {
            busy.set(false);
        }
    }

    /** Appends tokens to sessions and hands out the logits at every position: input after input, each in order of positions. */
    public void step(List<Input> inputs, BatchConsumer sink) {
        enter();
        try {
            step.all(inputs, sink);
        } finally {
            busy.set(false);
        }
    }

    private void enter() {
        if (!busy.compareAndSet(false, true)) {
            throw new IllegalStateException(
                    "the batch is computing already, in another thread or around this callback");
        }
    }
}
