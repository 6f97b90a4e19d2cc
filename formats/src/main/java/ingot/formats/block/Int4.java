package ingot.formats.block;

/**
 * Symmetric 4-bit integers: w = q · scale with q in −8 … 7 and one f16 scale per row and group (Q4_0 of GGUF when the
 * group is 32).
 *
 * <p>Byte b of the word of columns 8j … 8j+7 has column 8j+b in its low and column 8j+4+b in its high nibble, each stored
 * as q+8: one mask gives four columns as bytes.
 *
 * @param group columns per scale: a multiple of 32, or {@link Grouping#CHANNEL}
 */
public record Int4(int group) implements Grouped {
    /** Columns in a 32-bit word. */
    public static final int PER_WORD = 8;

    /** What is added to q to store it. */
    public static final int BIAS = 8;

    public Int4 {
        Grouping.check(group);
    }

    @Override
    public int bits() {
        return 4;
    }

    @Override
    public int bias() {
        return BIAS;
    }

    @Override
    public int low() {
        return -8;
    }

    @Override
    public int high() {
        return 7;
    }

    @Override
    public String label() {
        return "int4";
    }
}
