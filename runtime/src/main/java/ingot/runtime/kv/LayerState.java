package ingot.runtime.kv;

/** What one layer remembers of the tokens before the next one. */
public interface LayerState {
    /** Positions remembered. */
    int length();

    /** Forgets the positions from {@code length} on; memory may be kept for reuse. */
    void truncate(int length);
}
