package ingot.formats.tokenizer;

import java.util.Arrays;

/**
 * The merges of a byte-pair encoding in rank order: rank r joins tokens {@code left(r)} and {@code right(r)} into
 * {@code result(r)}, the token whose bytes are theirs one after the other. Immutable.
 */
public final class Merges {
    private final int[] left;
    private final int[] right;
    private final int[] result;

    /** Takes the arrays over; all three have one length. */
    Merges(int[] left, int[] right, int[] result) {
        this.left = left;
        this.right = right;
        this.result = result;
    }

    /** Number of merges. */
    public int size() {
        return left.length;
    }

    /** Id of the first token of merge {@code rank}. */
    public int left(int rank) {
        return left[rank];
    }

    /** Id of the second token of merge {@code rank}. */
    public int right(int rank) {
        return right[rank];
    }

    /** Id of the token that merge {@code rank} makes. */
    public int result(int rank) {
        return result[rank];
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Merges m
                && Arrays.equals(left, m.left)
                && Arrays.equals(right, m.right)
                && Arrays.equals(result, m.result);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * Arrays.hashCode(left) + Arrays.hashCode(right)) + Arrays.hashCode(result);
    }

    @Override
    public String toString() {
        return "Merges[" + size() + "]";
    }
}
