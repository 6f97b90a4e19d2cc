package ingot.formats.tokenizer;

import ingot.formats.IngotException;
import java.util.function.IntPredicate;

/**
 * A hash table whose keys come from a file. Its hash is the same for everybody, so that keys can be chosen that all want
 * one place: what follows is a search through all of them for each. Qwen's tokenizers have runs of at most 21 keys, a million
 * random keys in a table half full one of 55.
 */
public final class OpenTable {
    /** Most keys side by side. */
    public static final int MAX_RUN = 256;

    private OpenTable() {}

    /** What is thrown for a table that has a longer run. */
    public static IngotException.BadData crowded(String where) {
        return new IngotException.BadData(where + ": made so that more than " + MAX_RUN
                + " of its entries collide, which no published tokenizer does");
    }

    /** Refuses a finished table in which a search may take long. */
    public static void require(int slots, IntPredicate isTaken, String where) {
        int run = 0;
        // A run may go on from the last slot to the first.
        for (int i = 0; i < slots + MAX_RUN; i++) {
            run = isTaken.test(i & (slots - 1)) ? run + 1 : 0;
            if (run > MAX_RUN) {
                throw crowded(where);
            }
        }
    }
}
