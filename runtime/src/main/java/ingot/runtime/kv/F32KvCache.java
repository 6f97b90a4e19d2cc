package ingot.runtime.kv;

import ingot.runtime.kernel.KvRows;
import java.util.ArrayList;
import java.util.List;

/** Keys and values in f32, as computed. A page is [kvHeads][{@link #PAGE}][headDim]: a head reads on without gaps. */
public final class F32KvCache implements KvCache {
    private final int kvHeads;
    private final int headDim;
    private final List<List<KvRows>> keys = new ArrayList<>();
    private final List<List<KvRows>> values = new ArrayList<>();
    private int length;

    public F32KvCache(int kvHeads, int headDim) {
        this.kvHeads = kvHeads;
        this.headDim = headDim;
    }

    @Override
    public int length() {
        return length;
    }

    @Override
    public void mark() {
        // Every length stays restorable.
    }

    @Override
    public int restorable(int newLength) {
        return Math.min(newLength, length);
    }

    @Override
    public void truncate(int newLength) {
        if (newLength < 0 || newLength > length) {
            throw new IllegalArgumentException("cannot truncate " + length + " positions to " + newLength);
        }
        length = newLength;
    }

    @Override
    public void append(float[] newKeys, float[] newValues, int tokens) {
        reserve(length + tokens);
        int width = kvHeads * headDim;
        for (int t = 0; t < tokens; t++) {
            int position = length + t;
            copy(newKeys, t * width, keys.get(position / PAGE), position % PAGE);
            copy(newValues, t * width, values.get(position / PAGE), position % PAGE);
        }
        length += tokens;
    }

    /** Allocates before anything changes, so that running out of memory leaves the cache as it was. */
    private void reserve(int positions) {
        while ((long) values.size() * PAGE < positions) {
            if (keys.size() == values.size()) {
                keys.add(newPage());
            }
            values.add(newPage());
        }
    }

    private List<KvRows> newPage() {
        float[] page = new float[Math.multiplyExact(Math.multiplyExact(kvHeads, PAGE), headDim)];
        List<KvRows> heads = new ArrayList<>(kvHeads);
        for (int head = 0; head < kvHeads; head++) {
            heads.add(new KvRows(page, head * PAGE * headDim, headDim, headDim));
        }
        return heads;
    }

    private void copy(float[] from, int at, List<KvRows> page, int slot) {
        for (int head = 0; head < kvHeads; head++) {
            KvRows rows = page.get(head);
            System.arraycopy(from, at + head * headDim, rows.data(), rows.at() + slot * rows.stride(), headDim);
        }
    }

    @Override
    public KvRows keys(int page, int kvHead) {
        return keys.get(page).get(kvHead);
    }

    @Override
    public KvRows values(int page, int kvHead) {
        return values.get(page).get(kvHead);
    }
}
