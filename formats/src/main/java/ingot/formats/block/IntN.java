package ingot.formats.block;

/**
 * Symmetric integers of 3, 5 or 6 bits: w = q · scale with q in −2^(bits−1) … 2^(bits−1) − 1 and one f16 scale per row and
 * group (5 bits and groups of 32: Q5_0 of GGUF). q + 2^(bits−1) is stored in two planes ({@link Encoding}): four bits and
 * one or two more, or two bits and one.
 *
 * @param bits 3, 5 or 6
 * @param group columns per scale: a multiple of 32, or {@link Grouping#CHANNEL}
 */
public record IntN(int bits, int group) implements Grouped {
    public IntN {
        if (bits != 3 && bits != 5 && bits != 6) {
            throw new IllegalArgumentException("integers of " + bits + " bits in planes; expected 3, 5 or 6");
        }
        Grouping.check(group);
    }

    @Override
    public int bias() {
        return 1 << (bits - 1);
    }

    @Override
    public int low() {
        return -bias();
    }

    @Override
    public int high() {
        return bias() - 1;
    }

    @Override
    public String label() {
        return "int" + bits;
    }
}
