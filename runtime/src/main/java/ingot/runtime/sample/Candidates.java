package ingot.runtime.sample;

import java.util.Arrays;

/**
 * Token ids in falling order of their logits, found one at a time: a binary heap at the front of {@link #ids} gives its top
 * to the back. The heap first holds only tokens that a bound on the wanted ranks lets through, some dozens of a whole
 * vocabulary; all of them when that was not enough. Which tokens it holds changes the time, never the order.
 */
final class Candidates {
    /** Classes of token ids by their remainder: their maxima are taken by one plain loop over arrays. */
    private static final int CLASSES = 1024;

    private int[] ids = {};
    private float[] logits = {};
    private final float[] maxima = new float[CLASSES];

    /** Tokens held, those of them still in the heap, and all that there are. */
    private int size;

    private int heap;
    private int usable;

    /**
     * Starts over with all tokens that have a logit; NaN has none.
     *
     * @param wanted ranks that are likely to be taken
     */
    void fill(float[] newLogits, int wanted) {
        logits = newLogits;
        if (ids.length < logits.length) {
            ids = new int[logits.length];
        }
        float bound = bound(wanted);
        if (Float.isNaN(bound)) {
            fillAll();
        } else {
            usable = logits.length;
            fillFrom(bound);
        }
    }

    /**
     * A number that at least {@code wanted} logits reach: the {@code wanted}-th of the maxima of disjoint classes. NaN where a
     * logit is NaN, or there is nothing to gain.
     */
    private float bound(int wanted) {
        if (wanted > CLASSES / 4 || logits.length < 4 * CLASSES) {
            return Float.NaN;
        }
        float[] all = logits;
        float[] most = maxima;
        System.arraycopy(all, 0, most, 0, CLASSES);
        int from = CLASSES;
        for (; from + CLASSES <= all.length; from += CLASSES) {
            for (int i = 0; i < CLASSES; i++) {
                most[i] = Math.max(most[i], all[from + i]);
            }
        }
        for (int i = 0; from + i < all.length; i++) {
            most[i] = Math.max(most[i], all[from + i]);
        }
        Arrays.sort(most);
        // Sorted, NaN is last.
        return Float.isNaN(most[CLASSES - 1]) ? Float.NaN : most[CLASSES - wanted];
    }

    private void fillFrom(float bound) {
        size = 0;
        for (int i = 0; i < logits.length; i++) {
            if (logits[i] >= bound) {
                ids[size++] = i;
            }
        }
        order();
    }

    private void fillAll() {
        size = 0;
        for (int i = 0; i < logits.length; i++) {
            if (!Float.isNaN(logits[i])) {
                ids[size++] = i;
            }
        }
        usable = size;
        order();
    }

    private void order() {
        heap = size;
        for (int i = heap / 2 - 1; i >= 0; i--) {
            sink(i);
        }
    }

    /** How many tokens there are. */
    int size() {
        return usable;
    }

    /** The token of rank {@code rank} (0 is the most likely), found now if need be. */
    int take(int rank) {
        if (rank >= size) {
            fillAll();
        }
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
