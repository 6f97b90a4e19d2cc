package ingot.runtime.tokenizer;

import ingot.formats.tokenizer.Merges;
import ingot.formats.tokenizer.OpenTable;
import ingot.formats.tokenizer.TokenizerData;
import ingot.formats.tokenizer.Vocabulary;
import java.util.Arrays;

/**
 * From a pair of tokens to the rank of its merge: open addressing, at most half full, one long per entry holding
 * {@code left << 43 | right << 22 | rank + 1} (21, 21 and 22 bits; {@link TokenizerData#MAX_TOKENS} is 2^19). Zero is
 * a free slot. Immutable.
 */
final class MergeTable {
    /** Larger than any rank. */
    static final int NO_MERGE = Integer.MAX_VALUE;

    private static final int RANK_BITS = 22;
    private static final long RANK_MASK = (1L << RANK_BITS) - 1;

    private final long[] slots;
    private final int shift;
    private final int[] result;
    private final int[] byteToken = new int[256];
    /** Ranks of all pairs of two bytes, {@code first << 8 | second}: the first round needs no hashing. */
    private final int[] byteRank = new int[1 << 16];

    MergeTable(Vocabulary vocabulary, Merges merges) {
        int bits = 64 - Long.numberOfLeadingZeros(Math.max(1L, merges.size()) * 2 - 1);
        this.slots = new long[1 << bits];
        this.shift = 64 - bits;
        this.result = new int[merges.size()];
        for (int id = 0; id < vocabulary.size(); id++) {
            if (vocabulary.length(id) == 1) {
                byteToken[vocabulary.byteAt(id, 0) & 0xff] = id;
            }
        }
        Arrays.fill(byteRank, NO_MERGE);
        for (int rank = 0; rank < merges.size(); rank++) {
            int left = merges.left(rank);
            int right = merges.right(rank);
            result[rank] = merges.result(rank);
            long key = key(left, right);
            int slot = home(key);
            for (int run = 0; slots[slot] != 0; run++) {
                if (run == OpenTable.MAX_RUN) {
                    throw OpenTable.crowded("tokenizer: merges");
                }
                slot = (slot + 1) & (slots.length - 1);
            }
            slots[slot] = key << RANK_BITS | rank + 1;
            if (vocabulary.length(left) == 1 && vocabulary.length(right) == 1) {
                byteRank[(vocabulary.byteAt(left, 0) & 0xff) << 8 | vocabulary.byteAt(right, 0) & 0xff] = rank;
            }
        }
    }

    /** The token of one byte. */
    int token(byte b) {
        return byteToken[b & 0xff];
    }

    /** Rank of the merge of two bytes, or {@link #NO_MERGE}. */
    int rank(byte first, byte second) {
        return byteRank[(first & 0xff) << 8 | second & 0xff];
    }

    /** Rank of the merge of two tokens, or {@link #NO_MERGE}. */
    int rank(int left, int right) {
        long key = key(left, right);
        int home = home(key);
        int slot = home;
        while (true) {
            long entry = slots[slot];
            if (entry == 0) {
                return NO_MERGE;
            }
            if (entry >>> RANK_BITS == key) {
                return (int) (entry & RANK_MASK) - 1;
            }
            slot = (slot + 1) & (slots.length - 1);
            // No entry is farther from home, but entries of others may follow one another for long.
            if (((slot - home) & (slots.length - 1)) > OpenTable.MAX_RUN) {
                return NO_MERGE;
            }
        }
    }

    /** The token that the merge of this rank makes. */
    int result(int rank) {
        return result[rank];
    }

    private static long key(int left, int right) {
        return (long) left << 21 | right;
    }

    private int home(long key) {
        return (int) (key * 0x9e3779b97f4a7c15L >>> shift);
    }
}
