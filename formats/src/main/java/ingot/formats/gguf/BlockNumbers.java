package ingot.formats.gguf;

/**
 * The numbers that one block of a {@link PackedBlock} stores: what an engine that rounds to the grid of a block chooses.
 * Weight i of group g = i ÷ (weights ÷ groups):
 *
 * <p>w = d · scale[g] · value(code[i]) − m · min[g], where {@code value} is {@link PackedBlock#value}; types without scales
 * have d · value(code[i]), and Q4_1 and Q5_1 have d · code[i] + m.
 *
 * <p>Not safe for use by several threads; made by {@link PackedBlock#numbers}, used for one block after the other.
 */
public final class BlockNumbers {
    private final byte[] codes;
    private final byte[] scales;
    private final byte[] mins;
    private short d;
    private short m;

    BlockNumbers(int weights, int scales, int mins) {
        this.codes = new byte[weights];
        this.scales = new byte[scales];
        this.mins = new byte[mins];
    }

    /** Codes, one for each weight; the array itself. Range: {@link PackedBlock#lowest} … {@link PackedBlock#highest}. */
    public byte[] codes() {
        return codes;
    }

    /** Scales of the groups, the array itself: 0 … 63 (Q4_K, Q5_K), −128 … 127 (Q6_K), −32 … 31 (IQ4_XS); else empty. */
    public byte[] scales() {
        return scales;
    }

    /** Minima of the groups, the array itself: 0 … 63 (Q4_K, Q5_K); else empty. */
    public byte[] mins() {
        return mins;
    }

    /** d as f16 bits. */
    public short d() {
        return d;
    }

    /** The second factor as f16 bits: m (Q4_1, Q5_1) or dmin (Q4_K, Q5_K). */
    public short m() {
        return m;
    }

    /** Sets both factors, f16 bits; {@code m} is 0 for types that have none. */
    public void factors(short scale, short offset) {
        this.d = scale;
        this.m = offset;
    }
}
