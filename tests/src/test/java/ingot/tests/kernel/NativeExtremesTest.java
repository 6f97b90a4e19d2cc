package ingot.tests.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ingot.formats.block.Grouped;
import ingot.formats.block.Grouping;
import ingot.formats.block.Int8;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.Matrix;
import ingot.runtime.kernel.nativecode.ActivationBits;
import ingot.runtime.kernel.nativecode.Isa;
import ingot.tests.block.RandomMatrix;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The largest sums there can be: every code at an end of its range, every activation at the largest of its unit. Sums of
 * 32 columns come to 128·32·524287, 4096 short of 2³¹.
 */
final class NativeExtremesTest {
    private static final int TOKENS = 10;
    private static final float[] LARGEST = {1, 3e-31f, 1e30f};

    static Stream<Grouped> layouts() {
        return NativeMatmulTest.LAYOUTS.stream();
    }

    @ParameterizedTest
    @MethodSource("layouts")
    void theEndsOfEveryRange(Grouped layout) {
        for (int code : new int[] {end(layout, false), end(layout, true)}) {
            for (int cols : new int[] {31, 32, 4096}) {
                RandomMatrix m = RandomMatrix.of(layout, 17, cols, 3, code);
                for (float largest : LARGEST) {
                    compare(m, signs(cols, largest));
                }
            }
        }
    }

    /** One row as long as a layout allows. */
    @Test
    void theLongestRow() {
        RandomMatrix m = RandomMatrix.of(new Int8(Grouping.CHANNEL), 1, 1 << 22, 3, -128);
        compare(m, filled(1 << 22, -1));
    }

    /** What the classes above say of the bound. */
    @Test
    void theBoundIsClose() {
        assertEquals((1L << 31) - 4096, 128L * 32 * (long) ActivationBits.TWENTY.largest());
    }

    private static int end(Grouped layout, boolean high) {
        int best = 0;
        for (int code = layout.low(); code <= layout.high(); code++) {
            int value = layout.value(code);
            if (high ? value > layout.value(best) : value < layout.value(best)) {
                best = code;
            }
        }
        return best;
    }

    /** Ten tokens, too many to be multiplied one by one: all positive, all negative, and signs at random. */
    private static float[] signs(int cols, float largest) {
        Random random = new Random(5);
        float[] x = new float[TOKENS * cols];
        for (int i = 0; i < x.length; i++) {
            boolean negative = switch (i / cols) {
                case 0 -> false;
                case 1 -> true;
                default -> random.nextBoolean();
            };
            x[i] = negative ? -largest : largest;
        }
        return x;
    }

    private static float[] filled(int n, float value) {
        float[] x = new float[n];
        Arrays.fill(x, value);
        return x;
    }

    private static void compare(RandomMatrix m, float[] x) {
        for (Isa isa : NativeMachine.isas()) {
            compare(m, x, isa, ActivationBits.TWENTY);
        }
        if (NativeMachine.isas().contains(Isa.AVX512_VNNI)) {
            compare(m, x, Isa.AVX512_VNNI, ActivationBits.EIGHT);
        }
    }

    private static void compare(RandomMatrix m, float[] x, Isa isa, ActivationBits bits) {
        int tokens = x.length / m.cols();
        Matrix w = new Matrix(m.layout(), m.rows(), m.cols(), m.parts());
        float[] expected = NativeDefinition.product(m, x, tokens, bits);
        try (Kernels kernels = NativeMachine.kernels(isa, bits, 1)) {
            String where = isa + " " + bits + " " + m.layout() + " " + m.cols();
            for (int t = 0; t < tokens; t++) {
                float[] y = new float[m.rows()];
                kernels.matmul(w, Arrays.copyOfRange(x, t * m.cols(), (t + 1) * m.cols()), 1, y);
                assertArrayEquals(
                        Arrays.copyOfRange(expected, t * m.rows(), (t + 1) * m.rows()), y, 0, where + " alone");
            }
            if (isa == Isa.AVX512_VNNI) {
                int several = Math.max(2, tokens);
                float[] y = new float[several * m.rows()];
                kernels.matmul(w, Arrays.copyOf(x, several * m.cols()), several, y);
                assertArrayEquals(expected, Arrays.copyOf(y, expected.length), 0, where + " together");
            }
        }
    }
}
