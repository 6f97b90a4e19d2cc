package ingot.runtime.kernel.vector;

/**
 * Division of word numbers by the words in a group, as multiplication: the loop over the words has no time to divide. With
 * r = ⌈2⁴⁰ / words⌉, word · r exceeds 2⁴⁰ · word / words by less than word, so ⌊word · r / 2⁴⁰⌋ is right as long as word ·
 * words &lt; 2⁴⁰. A row has at most 2²² columns ({@code Blocks}), hence 2²⁰ words.
 */
final class GroupIndex {
    private static final int SHIFT = 40;

    private GroupIndex() {}

    /** ⌈2⁴⁰ / words⌉. */
    static long reciprocal(int words) {
        return ((1L << SHIFT) + words - 1) / words;
    }

    /** ⌊word / words⌋. */
    static int of(int word, long reciprocal) {
        return (int) (word * reciprocal >>> SHIFT);
    }
}
