package ingot.runtime;

/**
 * One conversation with a model: the tokens seen so far, as a KV cache. Not for two threads at once (that is refused
 * with {@link IllegalStateException}); many sessions of one model may run at the same time.
 */
public final class Session implements AutoCloseable {
    Session() {}

    /** Number of tokens the session holds. */
    public int position() {
        throw new UnsupportedOperationException("not yet");
    }

    /** Forgets everything. */
    public void reset() {
        truncate(0);
    }

    /** Forgets the tokens from {@code position} on; 0 ≤ position ≤ {@link #position()}. */
    public void truncate(int position) {
        throw new UnsupportedOperationException("not yet");
    }

    /** Appends tokens (at least one). Returns the logits [vocab] after the last; the array is reused by the next call. */
    public float[] forward(int... tokens) {
        throw new UnsupportedOperationException("not yet");
    }

    /** Appends tokens and hands out the logits at every position, in order. */
    public void forward(int[] tokens, LogitsConsumer sink) {
        throw new UnsupportedOperationException("not yet");
    }

    /** Appends tokens and hands out the hidden states, layer by layer within a chunk of positions. */
    public void trace(int[] tokens, HiddenConsumer sink) {
        throw new UnsupportedOperationException("not yet");
    }

    /** Appends tokens. Returns their hidden states after the final norm, row-major [tokens][hidden]. */
    public float[] embeddings(int[] tokens) {
        throw new UnsupportedOperationException("not yet");
    }

    @Override
    public void close() {}
}
