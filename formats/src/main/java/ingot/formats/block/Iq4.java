package ingot.formats.block;

import java.util.Arrays;

/**
 * Four-bit codes of a table of 16 integers that lie closer near zero (that of GGUF's IQ4_NL and IQ4_XS): w = table[code] ·
 * scale, with one f16 scale per row and group (IQ4_NL when the group is 32). Codes lie as in {@link Int4}, stored as the
 * index 0 … 15. The table has no zero; padding columns hold index 8, the value 1, which means nothing there.
 *
 * @param group columns per scale: a multiple of 32, or {@link Grouping#CHANNEL}
 */
public record Iq4(int group) implements Grouped {
    /** The code of the value nearest to zero. */
    public static final int NEAREST_ZERO = 8;

    /** llama.cpp: {@code kvalues_iq4nl}. */
    private static final byte[] VALUES = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

    public Iq4 {
        Grouping.check(group);
    }

    /** The 16 values, ascending; a copy. */
    public static float[] values() {
        float[] values = new float[VALUES.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = VALUES[i];
        }
        return values;
    }

    @Override
    public int bits() {
        return 4;
    }

    @Override
    public int bias() {
        return 0;
    }

    @Override
    public int low() {
        return 0;
    }

    @Override
    public int high() {
        return VALUES.length - 1;
    }

    @Override
    public int padding() {
        return NEAREST_ZERO;
    }

    @Override
    public int value(int code) {
        return VALUES[code];
    }

    @Override
    public boolean has(int value) {
        return value == (byte) value && Arrays.binarySearch(VALUES, (byte) value) >= 0;
    }

    @Override
    public int code(int value) {
        return Arrays.binarySearch(VALUES, (byte) value);
    }

    @Override
    public String label() {
        return "iq4";
    }
}
