package ingot.runtime.kv;

import ingot.runtime.kernel.KvRows;

/**
 * Keys and values of one attention layer for the positions seen so far, in pages that are never moved or copied. A key is
 * stored after the rotary embedding.
 */
public interface KvCache extends LayerState {
    /** Positions per page. */
    int PAGE = 64;

    /**
     * Appends positions.
     *
     * @param keys [tokens][kvHeads × headDim]
     * @param values [tokens][kvHeads × headDim]
     */
    void append(float[] keys, float[] values, int tokens);

    /**
     * The keys of one head in a page, as f32; the same object for every call.
     *
     * @param page position ÷ {@link #PAGE}
     */
    KvRows keys(int page, int kvHead);

    /** The values of one head in a page; see {@link #keys}. */
    KvRows values(int page, int kvHead);
}
