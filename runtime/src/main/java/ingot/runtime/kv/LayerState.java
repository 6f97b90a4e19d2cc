package ingot.runtime.kv;

/**
 * What one layer remembers of the tokens before the next one. Keys and values can be forgotten back to any position; a
 * recurrent state has overwritten its past and can go back to few: {@link #restorable} says to which.
 */
public sealed interface LayerState permits DeltaState, KvCache {
    /** Positions remembered. */
    int length();

    /** Bytes of memory that remembering {@code positions} takes in all. */
    long bytes(int positions);

    /** A call begins: the present {@link #length()} stays restorable until the next mark. */
    void mark();

    /** The longest length, at most {@code length}, that {@link #truncate} can go back to. */
    int restorable(int length);

    /**
     * Forgets the positions from {@code length} on; memory may be kept for reuse.
     *
     * @throws IllegalArgumentException when {@code length} is not {@link #restorable}
     */
    void truncate(int length);
}
