package ingot.quant;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ingot.quant.WeightReader.NonFinite;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Rows that are read last first, as an ordered model has them read. */
final class NonFiniteGuardTest {
    private static final int COLS = 7;
    private static final int ROWS = 31;

    private static float[] matrix() {
        float[] w = new float[ROWS * COLS];
        for (int i = 0; i < w.length; i++) {
            w[i] = i % 5 - 2;
        }
        w[COLS + 3] = Float.NaN;
        w[2 * COLS] = Float.NEGATIVE_INFINITY;
        return w;
    }

    private static float[] read(NonFiniteGuard guard, int row) {
        float[] w = matrix();
        float[] out = Arrays.copyOfRange(w, row * COLS, (row + 1) * COLS);
        NonFiniteGuard.Decoder decoder =
                (first, n, to) -> System.arraycopy(w, Math.toIntExact(first) * COLS, to, 0, n * COLS);
        guard.check(1, out, decoder, (index, reason) -> new IllegalStateException(index + ": " + reason));
        return out;
    }

    @Test
    void backwards() {
        NonFiniteGuard replacing = new NonFiniteGuard(ROWS, COLS, NonFinite.REPLACE);
        NonFiniteGuard keeping = new NonFiniteGuard(ROWS, COLS, NonFinite.KEEP);
        NonFiniteGuard refusing = new NonFiniteGuard(ROWS, COLS, NonFinite.REFUSE);
        float[] w = matrix();
        for (int row = ROWS - 1; row >= 0; row--) {
            int at = row;
            float[] expected = Arrays.copyOfRange(w, row * COLS, (row + 1) * COLS);
            assertArrayEquals(expected, read(keeping, row));
            if (row == 1 || row == 2) {
                var e = assertThrows(IllegalStateException.class, () -> read(refusing, at));
                assertEquals(
                        "10: 2 weights are NaN or infinite, the first at index 10; --allow-nonfinite converts it all the"
                                + " same",
                        e.getMessage());
                expected[row == 1 ? 3 : 0] = row == 1 ? 0 : -2;
            } else {
                assertArrayEquals(expected, read(refusing, row));
            }
            assertArrayEquals(expected, read(replacing, row));
        }
    }
}
