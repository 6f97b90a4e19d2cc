package ingot.runtime.kv;

import ingot.runtime.kernel.KvPage;
import ingot.runtime.kernel.KvPages;
import java.util.ArrayList;
import java.util.List;

/**
 * Keys and values of one attention layer for the positions seen so far, in pages that are never moved or copied and are
 * allocated when the first position in them is stored. A key is stored after the rotary embedding.
 */
public final class KvCache implements LayerState, KvPages {
    private final KvType type;
    private final KvPage.Shape shape;
    private final List<KvPage> pages = new ArrayList<>();
    private int length;

    public KvCache(KvType type, int kvHeads, int headDim) {
        this.type = type;
        this.shape = new KvPage.Shape(kvHeads, headDim);
    }

    /**
     * Appends positions.
     *
     * @param keys [rows][kvHeads × headDim]
     * @param values [rows][kvHeads × headDim]
     * @param first row to append
     * @param tokens how many of them
     */
    public void append(float[] keys, float[] values, int first, int tokens) {
        // Before anything changes, so that running out of memory leaves the cache as it was.
        while ((long) pages.size() * KvPage.POSITIONS < (long) length + tokens) {
            pages.add(type.newPage(shape));
        }
        int stride = shape.heads() * shape.dim();
        for (int t = 0; t < tokens; t++) {
            int position = length + t;
            pages.get(position / KvPage.POSITIONS).put(position % KvPage.POSITIONS, keys, values, (first + t) * stride);
        }
        length += tokens;
    }

    @Override
    public KvPage.Shape shape() {
        return shape;
    }

    @Override
    public KvPage page(int index) {
        return pages.get(index);
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
    public long bytes(int positions) {
        return Math.ceilDiv((long) positions, KvPage.POSITIONS) * type.pageBytes(shape);
    }
}
