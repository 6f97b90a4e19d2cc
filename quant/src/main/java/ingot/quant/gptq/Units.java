package ingot.quant.gptq;

/**
 * Columns that an {@link Order} keeps together.
 *
 * @param unit columns that are rounded with one scaling
 * @param span columns whose scalings share factors: units, as many as there are in a superblock
 */
public record Units(int unit, int span) {
    /** Groups up to this long get their scale with feedback; longer ones from their weights alone. */
    static final int SEARCHED = 256;

    /** Columns whose feedback is applied one by one; the rest of it is a matrix product. */
    static final int BLOCK = 128;

    public Units {
        if (unit < 1 || span % unit != 0) {
            throw new IllegalArgumentException(span + " columns in units of " + unit);
        }
    }

    /** Units for groups of a size, each with a scale of its own. */
    public static Units of(int group) {
        int unit = group <= SEARCHED ? group : BLOCK;
        while (group % unit != 0) {
            unit--; // A unit has one scale: no border between groups may cut it.
        }
        return new Units(unit, unit);
    }
}
