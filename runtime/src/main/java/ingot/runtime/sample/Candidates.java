package ingot.runtime.sample;

/**
 * Token ids in falling order of their logits, found one at a time: a binary heap at the front of {@link #ids} gives its top
 * to the back. Building takes O(vocab), each token O(log vocab).
 */
final class Candidates {
    private int[] ids = {};
    private float[] logits = {};
    private int size;
    private int heap;

    /** Starts over with all tokens that have a logit; NaN has none. */
    void fill(float[] newLogits) {
        logits = newLogits;
        if (ids.length < logits.length) {
            ids = new int[logits.length];
        }
        size = 0;
        for (int i = 0; i < logits.length; i++) {
            if (!Float.isNaN(logits[i])) {
                ids[size++] = i;
            }
        }
        heap = size;
        for (int i = heap / 2 - 1; i >= 0; i--) {
            sink(i);
        }
    }

    int size() {
        return size;
    }

    /** The token of rank {@code rank} (0 is the most likely), found now if need be. */
    int take(int rank) {
        while (size - heap <= rank) {
            int top = ids[0];
            heap--;
            ids[0] = ids[heap];
            ids[heap] = top;
            sink(0);
        }
        return token(rank);
    }

    /** The token of a rank already taken. */
    int token(int rank) {
        return ids[size - 1 - rank];
    }

    private void sink(int from) {
        int at = from;
        int id = ids[at];
        while (2 * at + 1 < heap) {
            int child = 2 * at + 1;
            if (child + 1 < heap && before(ids[child + 1], ids[child])) {
                child++;
            }
            if (!before(ids[child], id)) {
                break;
            }
            ids[at] = ids[child];
            at = child;
        }
        ids[at] = id;
    }

    private boolean before(int a, int b) {
        return logits[a] > logits[b] || (logits[a] == logits[b] && a < b);
    }
}
