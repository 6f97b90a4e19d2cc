package ingot.runtime;

import ingot.formats.IngotException;
import ingot.runtime.model.Decoder;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * One conversation with a model: the tokens seen so far, as what its layers remember of them (keys and values, recurrent
 * states). Not for two threads at once (that is refused with {@link IllegalStateException}); many sessions of one model may
 * run at the same time.
 *
 * <p>Every call first confirms that the model's mapped file was not changed ({@link IngotException.ReadWrite}). A call that
 * fails leaves the session as it was before. Every method that takes tokens throws {@link
 * IngotException.Usage} for a token outside the vocabulary, for no token at all, and when the session would hold more than
 * {@link #capacity()} tokens.
 */
public final class Session implements AutoCloseable {
    /** Tokens computed at once: long enough that weights are read rarely, short enough for small buffers. */
    private static final int CHUNK = 512;

    /** Rows of logits computed at once; 16 rows of the largest vocabulary are 10 MB. */
    private static final int LOGIT_ROWS = 16;

    private final Model model;
    private final Decoder decoder;
    private final int vocab;
    private final int hidden;
    private final int capacity;
    private final AtomicBoolean busy = new AtomicBoolean();
    private final float[] lastLogits;
    private final float[] hiddenRow;
    private float[] logitRows = {};
    /** The tokens up to {@link #position}: what a recurrent layer has forgotten is computed from them again. */
    private int[] history = {};

    private int position;

    /** Positions the decoder remembers; at most {@link #position}, made up for by the next call. */
    private int computed;

    Session(Model model, Decoder decoder, int capacity) {
        this.model = model;
        this.decoder = decoder;
        this.vocab = model.info().vocabSize();
        this.hidden = model.info().hidden();
        this.capacity = capacity;
        this.lastLogits = new float[vocab];
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
            computed = decoder.rewind(Math.min(newPosition, computed));
            position = newPosition;
        } finally {
            leave();
        }
    }

    /** Appends tokens. Returns the logits [vocab] after the last; the array is reused by the next call. */
    public float[] forward(int... tokens) {
        run(tokens, null, (from, count, end) -> {
            if (end) {
                decoder.logits(count - 1, 1, lastLogits);
            }
        });
        return lastLogits;
    }

    /** Appends tokens and hands out the logits at every position, in order. */
    public void forward(int[] tokens, LogitsConsumer sink) {
        run(tokens, null, (from, count, end) -> {
            int rows = Math.min(count, LOGIT_ROWS);
            if (logitRows.length < rows * vocab) {
                logitRows = new float[Math.multiplyExact(rows, vocab)];
            }
            for (int t = 0; t < count; t += rows) {
                int n = Math.min(rows, count - t);
                decoder.logits(t, n, logitRows);
                for (int i = 0; i < n; i++) {
                    System.arraycopy(logitRows, i * vocab, lastLogits, 0, vocab);
                    sink.accept(from + t + i, lastLogits);
                }
            }
        });
    }

    /**
     * Appends tokens and hands out the hidden states, layer by layer within a chunk of positions, every name in rising
     * order of positions.
     */
    public void trace(int[] tokens, HiddenConsumer sink) {
        int[] first = {position};
        Decoder.Probe probe = (name, rows, count) -> {
            for (int t = 0; t < count; t++) {
                System.arraycopy(rows, t * hidden, hiddenRow, 0, hidden);
                sink.accept(name, first[0] + t, hiddenRow);
            }
        };
        run(tokens, probe, (from, count, end) -> {
            for (int t = 0; t < count; t++) {
                decoder.norm(t, hiddenRow, 0);
                sink.accept("final_norm", from + t, hiddenRow);
            }
            first[0] = from + count;
        });
    }

    /** Appends tokens. Returns their hidden states after the final norm, row-major [tokens][hidden]. */
    public float[] embeddings(int[] tokens) {
        float[] out = new float[Math.multiplyExact(tokens.length, hidden)];
        int start = position;
        run(tokens, null, (from, count, end) -> {
            for (int t = 0; t < count; t++) {
                decoder.norm(t, out, (from - start + t) * hidden);
            }
        });
        return out;
    }

    /** Looks at a chunk that has passed the layers: positions {@code from} to {@code from + count}. */
    private interface ChunkEnd {
        void accept(int from, int count, boolean end);
    }

    /** Refuses what cannot succeed before it is begun. */
    private void requireMemory(int length) {
        long needed = decoder.bytes(length);
        long heap = Runtime.getRuntime().maxMemory();
        if (needed > heap) {
            throw new IngotException.OutOfResources("no memory for " + length + " tokens in a session: their keys and"
                    + " values take " + needed + " bytes, and the heap is limited to " + heap
                    + ": give Java a larger heap (-Xmx), use a smaller type for the KV cache (f16, int8) or a shorter"
                    + " text");
        }
    }

    private void run(int[] tokens, Decoder.@Nullable Probe probe, ChunkEnd chunkEnd) {
        enter();
        try {
            require(tokens);
            requireMemory(position + tokens.length);
            int start = position;
            boolean done = false;
            try {
                int length = start + tokens.length;
                model.requireIntact();
                catchUp();
                decoder.mark();
                for (int at = 0; at < tokens.length; at += CHUNK) {
                    int count = Math.min(CHUNK, tokens.length - at);
                    decoder.forward(tokens, at, new Decoder.Span(start + at, count, length), probe);
                    // Nothing is handed out that was computed from a file somebody wrote to.
                    model.requireIntact();
                    chunkEnd.accept(start + at, count, at + count == tokens.length);
                }
                remember(tokens);
                position = length;
                computed = length;
                done = true;
            } catch (InternalError e) {
                // Lost pages of a mapped file, where the system reports them to the reader.
                model.requireIntact();
                throw e;
            } catch (OutOfMemoryError e) {
                throw new IngotException.OutOfResources("no memory for " + (start + tokens.length)
                        + " tokens in a session: give Java a larger heap (-Xmx), use a smaller type for the KV cache"
                        + " (f16, int8) or a shorter text");
            } finally {
                if (!done) {
                    computed = decoder.rewind(computed);
                }
            }
        } finally {
            leave();
        }
    }

    /** Computes again what was kept but could not be restored. */
    private void catchUp() {
        if (computed < position) {
            decoder.mark();
            for (int at = computed; at < position; at += CHUNK) {
                int count = Math.min(CHUNK, position - at);
                decoder.forward(history, at, new Decoder.Span(at, count, position), null);
            }
            computed = position;
        }
    }

    private void remember(int[] tokens) {
        int length = position + tokens.length;
        if (history.length < length) {
            history = Arrays.copyOf(history, (int) Math.min(capacity, Math.max(length, history.length * 3L / 2)));
        }
        System.arraycopy(tokens, 0, history, position, tokens.length);
    }

    private void enter() {
        if (!busy.compareAndSet(false, true)) {
            throw new IllegalStateException(
                    "the session is computing already, in another thread or around this callback: one session per conversation");
        }
        if (!model.beginCall()) {
            busy.set(false);
            throw new IllegalStateException("the model is closed");
        }
    }

    private void leave() {
        model.endCall();
        busy.set(false);
    }

    private void require(int[] tokens) {
        if (tokens.length == 0) {
            throw new IngotException.Usage("no tokens to compute; expected at least one");
        }
        if (tokens.length > capacity - position) {
            throw new IngotException.Usage(
                    tokens.length + " tokens after " + position + " exceed the session's limit of " + capacity
                            + "; raise the limit on positions or shorten the text");
        }
        for (int token : tokens) {
            if (token < 0 || token >= vocab) {
                throw new IngotException.Usage("token " + token + " is outside the vocabulary of " + vocab);
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
