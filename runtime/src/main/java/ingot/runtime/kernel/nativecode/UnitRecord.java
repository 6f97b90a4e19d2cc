package ingot.runtime.kernel.nativecode;

/**
 * The activations of 32 columns of a token as kernels read them: 96 bytes of integers, d as f32, −128·Σa as int32, 8 bytes of
 * nothing. The same for all types of weights. With magnitudes below 2¹⁹ ({@link ActivationBits}) the sum over 32 columns of values of
 * 8 bits is below 2³¹ and so exact modulo 2³², and |h| ≤ 8.
 */
enum UnitRecord {
    /** Three bytes of every integer, a = 65536·h + 256·m + l: the 32 h, then the 32 m and the 32 l, in the order of the columns. */
    BYTES,
    /**
     * a = 65536·h + w: the 16-bit w in pairs, columns (0, 2) and (1, 3) of every four, see {@link #pairAt}; then the 32 bytes
     * h in the order of the columns.
     */
    WORDS;

    /** Columns. */
    static final int COLUMNS = 32;

    /** Groups of four columns. */
    static final int STEPS = 8;

    /** Bytes of an integer in {@link #BYTES}. */
    static final int PLANES = 3;

    /** Where the bytes h lie in {@link #WORDS}. */
    static final int HIGH_BYTES = 64;

    static final int SCALE = 96;
    static final int BIAS_SUM = 100;

    /** Bytes of a record. */
    static final int RECORD_BYTES = 112;

    /** What stands for 0 in the bytes that {@link #BIAS_SUM} is for: −128·Σa makes Σ(q + 128)·a the sum of q·a. */
    static final int BIAS = 128;

    /** Smallest maximum of a unit: f32 bits of 2⁻¹⁰⁰. */
    static final int TINY_BITS = 27 << 23;

    /**
     * Where a pair of {@link #WORDS} lies: columns 4·step + odd and 4·step + 2 + odd. (A 128-bit lane holds the pairs of
     * four columns of the first half and four of the second: what unpacking leaves.)
     */
    static int pairAt(int step, int odd) {
        return step % 4 * 16 + step / 4 * 8 + odd * 4;
    }

    /** Where four columns' bytes of a plane lie, the plane of the highest first. */
    int bytesAt(int plane, int step) {
        return switch (this) {
            case BYTES -> plane * COLUMNS + 4 * step;
            case WORDS -> HIGH_BYTES + 4 * step;
        };
    }
}
