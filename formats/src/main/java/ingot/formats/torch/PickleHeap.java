package ingot.formats.torch;

/**
 * Estimated heap of all values that the pickles of one file made, whether or not they are still in use: a file of the layout
 * before torch 1.6 has five pickles, and the values of two are needed at a time.
 */
final class PickleHeap {
    /** A tensor takes less than 1 KiB, everything said of it included. */
    static final long MOST = 40 << 20;

    private long taken;

    /** Whether as many bytes more may be taken. */
    boolean take(long bytes) {
        taken += bytes;
        return taken <= MOST;
    }
}
