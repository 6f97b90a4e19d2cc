package ingot.runtime.tokenizer;

import java.util.Arrays;

/**
 * Byte-pair encoding of one long piece with a linked list of parts and a heap of candidate merges. Every merge takes
 * one entry from the heap and puts at most two in, so n bytes cost O(n log n) time and about 32 n bytes of memory.
 */
final class LongPiece {
    private final MergeTable table;
    private final int n;
    private final int[] id;
    private final int[] next;
    private final int[] previous;
    /** Rank of the part joined with its successor; what the heap says otherwise is out of date. */
    private final int[] rank;
    /** Binary heap of {@code rank << 32 | position}: the lowest rank first, leftmost among equals. */
    private long[] heap;

    private int heapSize;

    LongPiece(MergeTable table, byte[] b, int from, int n) {
        this.table = table;
        this.n = n;
        this.id = new int[n];
        this.next = new int[n];
        this.previous = new int[n];
        this.rank = new int[n];
        int candidates = 0;
        for (int i = 0; i < n; i++) {
            id[i] = table.token(b[from + i]);
            next[i] = i + 1;
            previous[i] = i - 1;
            rank[i] = i + 1 < n ? table.rank(b[from + i], b[from + i + 1]) : MergeTable.NO_MERGE;
            candidates += rank[i] == MergeTable.NO_MERGE ? 0 : 1;
        }
        this.heap = new long[Math.max(16, candidates)];
        for (int i = 0; i < n; i++) {
            if (rank[i] != MergeTable.NO_MERGE) {
                heap[heapSize++] = (long) rank[i] << 32 | i;
            }
        }
        for (int i = heapSize / 2 - 1; i >= 0; i--) {
            siftDown(i);
        }
    }

    void encode(TokenBuffer out) {
        while (heapSize > 0) {
            long top = pop();
            int at = (int) top;
            int lowest = (int) (top >>> 32);
            if (rank[at] == lowest) {
                merge(at, lowest);
            }
        }
        for (int i = 0; i < n; i = next[i]) {
            out.add(id[i]);
        }
    }

    private void merge(int at, int lowest) {
        int gone = next[at];
        id[at] = table.result(lowest);
        rank[gone] = MergeTable.NO_MERGE;
        next[at] = next[gone];
        if (next[at] < n) {
            previous[next[at]] = at;
        }
        update(at);
        if (previous[at] >= 0) {
            update(previous[at]);
        }
    }

    private void update(int at) {
        int successor = next[at];
        rank[at] = successor < n ? table.rank(id[at], id[successor]) : MergeTable.NO_MERGE;
        if (rank[at] != MergeTable.NO_MERGE) {
            push((long) rank[at] << 32 | at);
        }
    }

    private void push(long entry) {
        if (heapSize == heap.length) {
            heap = Arrays.copyOf(heap, (int) Math.min(heap.length + (heap.length >> 1) + 16L, Integer.MAX_VALUE - 8));
        }
        int i = heapSize++;
        while (i > 0) {
            int parent = (i - 1) >>> 1;
            if (heap[parent] <= entry) {
                break;
            }
            heap[i] = heap[parent];
            i = parent;
        }
        heap[i] = entry;
    }

    private long pop() {
        long top = heap[0];
        heap[0] = heap[--heapSize];
        siftDown(0);
        return top;
    }

    private void siftDown(int start) {
        long entry = heap[start];
        int i = start;
        while (true) {
            int child = 2 * i + 1;
            if (child >= heapSize) {
                break;
            }
            if (child + 1 < heapSize && heap[child + 1] < heap[child]) {
                child++;
            }
            if (heap[child] >= entry) {
                break;
            }
            heap[i] = heap[child];
            i = child;
        }
        heap[i] = entry;
    }
}
