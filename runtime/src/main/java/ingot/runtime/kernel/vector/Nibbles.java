package ingot.runtime.kernel.vector;

import java.util.Arrays;

/** The order of columns in the 32-bit words of the 4-bit layouts: nibble i of word j is column 8j + {@link #column}(i). */
final class Nibbles {
    private static final int PER_WORD = 8;

    private Nibbles() {}

    /** Low nibbles (even i) are columns 0 … 3, high nibbles columns 4 … 7. */
    static int column(int i) {
        return i / 2 + i % 2 * 4;
    }

    /** {@code out[8j + i] = x[8j + column(i)]}, 0 from {@code cols} to {@code padded}. */
    static void order(float[] x, int cols, int padded, float[] out) {
        int whole = cols / PER_WORD * PER_WORD;
        for (int k = 0; k < whole; k += PER_WORD) {
            for (int i = 0; i < PER_WORD; i++) {
                out[k + i] = x[k + column(i)];
            }
        }
        Arrays.fill(out, whole, padded, 0);
        for (int i = 0; i < PER_WORD; i++) {
            if (whole + column(i) < cols) {
                out[whole + i] = x[whole + column(i)];
            }
        }
    }
}
