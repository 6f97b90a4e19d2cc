package ingot.runtime.kernel.nativecode;

/**
 * The activations of 32 columns of a token as kernels read them: 64 bytes of integers, d as f32, −bias·Σa as int32, 8 bytes
 * of nothing.
 */
enum UnitRecord {
    /** Two bytes of every integer, a = 256·h + l: the 32 h, then the 32 l, in the order of the columns. */
    SPLIT,
    /** 16-bit integers in pairs, columns (0, 2) and (1, 3) of every four; see {@link #pairAt}. */
    PAIRS;

    /** Columns. */
    static final int COLUMNS = 32;

    /** Groups of four columns. */
    static final int STEPS = 8;

    static final int LOW_BYTES = 32;
    static final int SCALE = 64;
    static final int BIAS_SUM = 68;

    /** Bytes of a record. */
    static final int BYTES = 80;

    /** Largest magnitude of an integer, 127·256 + 127. */
    static final float LARGEST = 32639;

    /** Smallest maximum of a unit: f32 bits of 2⁻¹⁰⁰. */
    static final int TINY_BITS = 27 << 23;

    /**
     * Where a pair of {@link #PAIRS} lies: columns 4·step + odd and 4·step + 2 + odd. (A 128-bit lane holds the pairs of
     * four columns of the first half and four of the second: what unpacking leaves.)
     */
    static int pairAt(int step, int odd) {
        return step % 4 * 16 + step / 4 * 8 + odd * 4;
    }
}
