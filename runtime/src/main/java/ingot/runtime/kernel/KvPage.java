package ingot.runtime.kernel;

/**
 * Keys and values of one attention layer for {@value #POSITIONS} positions, in one of the forms a cache keeps them in. Both
 * lie in panels of {@value #PANEL} columns, so that a product with them needs neither sums across lanes nor strides that
 * vary:
 *
 * <pre>
 *   keys    [heads][POSITIONS / PANEL][dim][PANEL]      columns are positions
 *   values  [heads][width / PANEL][POSITIONS][PANEL]    columns are the dimensions of a head, zeros behind the last
 * </pre>
 *
 * <p>What a page has not been given yet is whatever was there before; only positions that were {@link #put} may be used.
 */
public sealed interface KvPage permits F32Page, F16Page, Int8Page {
    /** Positions per page. */
    int POSITIONS = 64;

    /** Columns that lie side by side. */
    int PANEL = 32;

    /**
     * Size of a page.
     *
     * @param heads of keys and values
     * @param dim of a head
     */
    record Shape(int heads, int dim) {
        /** {@code dim} rounded up to whole panels. */
        public int width() {
            return Math.ceilDiv(dim, PANEL) * PANEL;
        }

        /** Numbers of the keys of one head. */
        public int keys() {
            return Math.multiplyExact(dim, POSITIONS);
        }

        /** Numbers of the values of one head. */
        public int values() {
            return Math.multiplyExact(width(), POSITIONS);
        }

        /** Numbers of the keys of all heads. */
        public int allKeys() {
            return Math.multiplyExact(heads, keys());
        }

        /** Numbers of the values of all heads. */
        public int allValues() {
            return Math.multiplyExact(heads, values());
        }

        /** Where element {@code d} of a key lies. */
        int keyAt(int head, int slot, int d) {
            return head * keys() + (slot / PANEL * dim + d) * PANEL + slot % PANEL;
        }

        /** Where element {@code d} of a value lies. */
        int valueAt(int head, int slot, int d) {
            return head * values() + (d / PANEL * POSITIONS + slot) * PANEL + d % PANEL;
        }
    }

    Shape shape();

    /**
     * Stores a position.
     *
     * @param slot position within the page
     * @param keys [heads][dim] from {@code at} on; {@code values} alike
     */
    void put(int slot, float[] keys, float[] values, int at);

    /** The keys of a head as f32 → {@code out[0 …)}, laid out as stored. */
    void decodeKeys(int head, float[] out);

    /** The values of a head as f32; see {@link #decodeKeys}. */
    void decodeValues(int head, float[] out);
}
