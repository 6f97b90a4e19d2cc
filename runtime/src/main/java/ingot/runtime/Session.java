package ingot.runtime;

import ingot.formats.IngotException;
import ingot.runtime.model.Decoder;
import ingot.runtime.model.SequenceMemory;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One conversation with a model: the tokens seen so far, as what its layers remember of them (keys and values, recurrent
 * states). Not for two threads at once (that is refused with {@link IllegalStateException}); many sessions of one model may
 * run at the same time, or in one step of a {@link Batch}.
 *
 * <p>Every call first confirms that the model's mapped file was not changed ({@link IngotException.ReadWrite}). A call that
 * fails leaves the session as it was before. Every method that takes tokens throws {@link
 * IngotException.Usage} for a token outside the vocabulary, for no token at all, and when the session would hold more than
 * {@link #capacity()} tokens.
 */
public final class Session implements AutoCloseable {
    private final Model model;
    private final Step step;
    private final SequenceMemory memory;
    private final int hidden;
    private final int capacity;
    private final AtomicBoolean busy = new AtomicBoolean();
    private final float[] lastLogits;
    private final float[] hiddenRow;
    /** The tokens up to {@link #position}: what a recurrent layer has forgotten is computed from them again. */
    private int[] history = {};

    private int position;

    /** Positions that {@link #memory} has; at most {@link #position}, made up for by the next call. */
    private int computed;

    Session(Model model, Step step, SequenceMemory memory, int capacity) {
        this.model = model;
        this.step = step;
        this.memory = memory;
        this.hidden = model.info().hidden();
        this.capacity = capacity;
        this.lastLogits = new float[model.info().vocabSize()];
        this.hiddenRow = new float[hidden];
    }

    /** Number of tokens the session holds. */
    public int position() {
        return position;
    }

    /** Most tokens the session can hold ({@link ModelOptions#maxPositions()}). */
    public int capacity() {
        return capacity;
    }

    /**
     * Whether the tokens held are rotated as they would be if a text of {@code length} tokens that begins with them were fed
     * at once. Not so where the rotary base grows with the text and that text is longer than what the model was trained on.
     */
    public boolean rotatedAlike(int length) {
        return model.info().config().rope().fixedUpTo(length);
    }

    /** Forgets everything. */
    public void reset() {
        truncate(0);
    }

    /**
     * Forgets the tokens from {@code newPosition} on; 0 ≤ newPosition ≤ {@link #position()}. Where a model has recurrent
     * layers (gated DeltaNet), only 0 and the position before the last call are at hand; after going back to another one, the
     * next call first computes the kept tokens again.
     */
    public void truncate(int newPosition) {
        enter();
        try {
            if (newPosition < 0 || newPosition > position) {
                throw new IngotException.Usage(
                        "cannot truncate a session of " + position + " tokens to " + newPosition);
            }
            computed = memory.rewind(Math.min(newPosition, computed));
            position = newPosition;
        } finally {
            leave();
        }
    }

    /** Appends tokens. Returns the logits [vocab] after the last; the array is reused by the next call. */
    public float[] forward(int... tokens) {
        step.last(alone(tokens));
        return lastLogits;
    }

    /** Appends tokens and hands out the logits at every position, in order. */
    public void forward(int[] tokens, LogitsConsumer sink) {
        step.all(alone(tokens), (input, position, logits) -> sink.accept(position, logits));
    }

    /**
     * Appends tokens and hands out the hidden states, layer by layer within a chunk of positions, every name in rising
     * order of positions.
     */
    public void trace(int[] tokens, HiddenConsumer sink) {
        int[] from = {position};
        Decoder.Probe probe = (name, rows, count) -> {
            for (int t = 0; t < count; t++) {
                System.arraycopy(rows, t * hidden, hiddenRow, 0, hidden);
                sink.accept(name, from[0] + t, hiddenRow);
            }
        };
        step.states(alone(tokens), probe, (at, row) -> {
            step.state(row, hiddenRow, 0);
            sink.accept("final_norm", from[0]++, hiddenRow);
        });
    }

    /** Appends tokens. Returns their hidden states after the final norm, row-major [tokens][hidden]. */
    public float[] embeddings(int[] tokens) {
        float[] out = new float[Math.multiplyExact(tokens.length, hidden)];
        step.states(alone(tokens), null, (at, row) -> step.state(row, out, at * hidden));
        return out;
    }

    private List<Batch.Input> alone(int[] tokens) {
        return List.of(new Batch.Input(this, tokens));
    }

    // What a step does with its sessions. Between enter and leave they are its own.

    Model model() {
        return model;
    }

    SequenceMemory memory() {
        return memory;
    }

    float[] lastLogits() {
        return lastLogits;
    }

    /** Positions that {@link #memory} has; at most {@link #position}, made up for by the next step. */
    int computed() {
        return computed;
    }

    /** The tokens up to {@link #position}, and something behind them. */
    int[] history() {
        return history;
    }

    void caughtUp() {
        computed = position;
    }

    /** The memory has the tokens. */
    void append(int[] tokens) {
        int length = position + tokens.length;
        if (history.length < length) {
            history = Arrays.copyOf(history, (int) Math.min(capacity, Math.max(length, history.length * 3L / 2)));
        }
        System.arraycopy(tokens, 0, history, position, tokens.length);
        position = length;
        computed = length;
    }

    /** The memory may have some of the tokens, and is to forget them. */
    void undo() {
        computed = memory.rewind(computed);
    }

    void enter() {
        if (!busy.compareAndSet(false, true)) {
            throw new IllegalStateException(
                    "the session is computing already, in another thread or around this callback: one session per conversation");
        }
        if (!model.beginCall()) {
            busy.set(false);
            throw new IllegalStateException("the model is closed");
        }
    }

    void leave() {
        model.endCall();
        busy.set(false);
    }

    /** Refuses tokens that cannot come next; {@code which} begins the message. */
    void require(int[] tokens, String which) {
        if (tokens.length == 0) {
            throw new IngotException.Usage(which + "no tokens to compute; expected at least one");
        }
        if (tokens.length > capacity - position) {
            throw new IngotException.Usage(which
                    + tokens.length + " tokens after " + position + " exceed the session's limit of " + capacity
                    + "; raise the limit on positions or shorten the text");
        }
        int vocab = lastLogits.length;
        for (int token : tokens) {
            if (token < 0 || token >= vocab) {
                throw new IngotException.Usage(which + "token " + token + " is outside the vocabulary of " + vocab);
            }
        }
    }

    /** Ends the conversation; its memory is freed with the object. */
    @Override
    public void close() {
        if (!model.closed()) {
            truncate(0);
        }
    }
}
