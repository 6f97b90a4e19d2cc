package ingot.formats.block;

/**
 * 8-bit integers: w = q · scale with q in −128 … 127 and one f16 scale per row and group (Q8_0 of GGUF when the group is
 * 32). Rounding uses −127 … 127; −128 is there for codes that are carried over from grids that have it.
 *
 * <p>Byte b of the word of columns 4j … 4j+3 is column 4j+b, stored as q+128.
 *
 * @param group columns per scale: a multiple of 32, or {@link Grouping#CHANNEL}
 */
public record Int8(int group) implements Grouped {
    /** Columns in a 32-bit word. */
    public static final int PER_WORD = 4;

    /** What is added to q to store it. */
    public static final int BIAS = 128;

    public Int8 {
        Grouping.check(group);
    }

    @Override
    public int bits() {
        return 8;
    }

    @Override
    public int bias() {
        return BIAS;
    }

    @Override
    public int low() {
        return -128;
    }

    @Override
    public int lowest() {
        return -127;
    }

    @Override
    public int high() {
        return 127;
    }

    @Override
    public String label() {
        return "int8";
    }
}
