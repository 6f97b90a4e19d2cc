package ingot.runtime.kernel.vector;

/** Division of word numbers by the words in a group, as multiplication: the loop over the words has no time to divide. */
final class GroupIndex {
    private GroupIndex() {}

    /** ⌈2³² / words⌉. */
    static long reciprocal(int words) {
        return ((1L << 32) + words - 1) / words;
    }

    /** ⌊word / words⌋, exact for word · words &lt; 2³². */
    static int of(int word, long reciprocal) {
        return (int) (word * reciprocal >>> 32);
    }
}
