package ingot.runtime.tokenizer;

/**
 * Byte-pair encoding of one piece: of all neighbouring pairs the one of lowest rank, leftmost first, is merged until
 * none is left. Short pieces search an array, long ones keep a heap: O(n log n), whatever the text. Holds scratch
 * space, so one per thread.
 */
final class BytePairEncoder {
    /** Up to this many bytes a linear search beats the heap. */
    private static final int SHORT = 96;

    private final MergeTable table;
    private final int[] ids = new int[SHORT];
    private final int[] ranks = new int[SHORT];

    BytePairEncoder(MergeTable table) {
        this.table = table;
    }

    /** Appends the tokens of {@code b[from..to)}, at least one byte. */
    void encode(byte[] b, int from, int to, TokenBuffer out) {
        int n = to - from;
        if (n == 1) {
            out.add(table.token(b[from]));
        } else if (n <= SHORT) {
            encodeShort(b, from, n, out);
        } else {
            new LongPiece(table, b, from, n).encode(out);
        }
    }

    private void encodeShort(byte[] b, int from, int bytes, TokenBuffer out) {
        int[] id = ids;
        int[] rank = ranks;
        int n = bytes;
        id[0] = table.token(b[from]);
        for (int i = 1; i < n; i++) {
            id[i] = table.token(b[from + i]);
            rank[i - 1] = table.rank(b[from + i - 1], b[from + i]);
        }
        while (n > 1) {
            int best = 0;
            int lowest = rank[0];
            for (int i = 1; i < n - 1; i++) {
                if (rank[i] < lowest) {
                    lowest = rank[i];
                    best = i;
                }
            }
            if (lowest == MergeTable.NO_MERGE) {
                break;
            }
            id[best] = table.result(lowest);
            for (int i = best + 1; i < n - 1; i++) {
                id[i] = id[i + 1];
                rank[i - 1] = rank[i];
            }
            n--;
            if (best < n - 1) {
                rank[best] = table.rank(id[best], id[best + 1]);
            }
            if (best > 0) {
                rank[best - 1] = table.rank(id[best - 1], id[best]);
            }
        }
        out.addAll(id, 0, n);
    }
}
