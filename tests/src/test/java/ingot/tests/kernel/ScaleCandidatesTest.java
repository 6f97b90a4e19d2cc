package ingot.tests.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ingot.runtime.kernel.ScaleCandidates;
import ingot.runtime.kernel.nativecode.Isa;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Sums for many scales at once against a loop for each, by the definition: every bit must be equal. */
final class ScaleCandidatesTest {
    private static final int[][] ENDS = {{-8, 7}, {-16, 15}, {-32, 31}, {-127, 127}};

    @BeforeEach
    void requireMachine() {
        assumeTrue(
                NativeMachine.isas().stream().anyMatch(isa -> isa == Isa.AVX512_VNNI || isa == Isa.AVX512),
                "NOT TESTED HERE: the processor lacks AVX-512");
    }

    @Test
    void everySumIsThatOfALoop() {
        ScaleCandidates code = ScaleCandidates.generated().orElseThrow();
        SplittableRandom random = new SplittableRandom(5);
        for (int n : new int[] {1, 7, 16, 31, 32, 100}) {
            for (int[] ends : ENDS) {
                int from = n / 3;
                float[] x = new float[from + n];
                float[] h = new float[from + n];
                for (int i = 0; i < x.length; i++) {
                    // Halves, where rounding decides, of either sign, and zeros.
                    x[i] = i % 2 == 0 ? random.nextInt(-40, 41) / 4f : (float) random.nextGaussian();
                    h[i] = i % 5 == 0 ? 1 : random.nextInt(3) * (float) random.nextDouble();
                }
                float[] table = new float[ScaleCandidates.TABLE];
                for (int i = 0; i < ScaleCandidates.COUNT; i++) {
                    table[ScaleCandidates.INVERSE + i] = i == 0 ? 0 : (i - 20) * (i % 3 == 0 ? 1 : 0.37f);
                }
                table[ScaleCandidates.LOW] = ends[0];
                table[ScaleCandidates.HIGH] = ends[1];
                code.sums(x, h, from, n, table);
                for (int i = 0; i < ScaleCandidates.COUNT; i++) {
                    same(x, h, from, table, i);
                }
            }
        }
    }

    private static void same(float[] x, float[] h, int from, float[] table, int candidate) {
        float products = 0;
        float squares = 0;
        for (int i = from; i < x.length; i++) {
            float rounded = (float) Math.floor(x[i] * table[ScaleCandidates.INVERSE + candidate] + 0.5f);
            float v = Math.clamp(rounded, table[ScaleCandidates.LOW], table[ScaleCandidates.HIGH]);
            products += h[i] * x[i] * v;
            squares += h[i] * v * v;
        }
        String what = candidate + " of " + (x.length - from);
        assertEquals(products, table[ScaleCandidates.PRODUCTS + candidate], what);
        assertEquals(squares, table[ScaleCandidates.SQUARES + candidate], what);
    }

    @Test
    void nothingOutsideOfTheArraysIsTouched() {
        ScaleCandidates code = ScaleCandidates.generated().orElseThrow();
        float[] eight = new float[8];
        float[] table = new float[ScaleCandidates.TABLE];
        assertThrows(IndexOutOfBoundsException.class, () -> code.sums(eight, eight, 1, 8, table));
        assertThrows(IndexOutOfBoundsException.class, () -> code.sums(eight, new float[7], 0, 8, table));
        assertThrows(IndexOutOfBoundsException.class, () -> code.sums(eight, eight, 0, 8, new float[8]));
        assertThrows(IllegalArgumentException.class, () -> code.sums(eight, eight, 0, 0, table));
    }
}
