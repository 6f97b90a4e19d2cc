package ingot.runtime.tokenizer;

import java.util.Arrays;

/** Growing array of token ids. */
final class TokenBuffer {
    private int[] ids;
    private int size;

    TokenBuffer(int capacity) {
        this.ids = new int[Math.max(8, capacity)];
    }

    void add(int id) {
        if (size == ids.length) {
            grow(1);
        }
        ids[size++] = id;
    }

    void addAll(int[] source, int from, int count) {
        if (ids.length - size < count) {
            grow(count);
        }
        System.arraycopy(source, from, ids, size, count);
        size += count;
    }

    int size() {
        return size;
    }

    int get(int i) {
        return ids[i];
    }

    int[] toArray() {
        return Arrays.copyOf(ids, size);
    }

    private void grow(int count) {
        int needed = Math.addExact(size, count);
        ids = Arrays.copyOf(ids, Math.clamp(ids.length * 2L, needed, Integer.MAX_VALUE - 8));
    }
}
