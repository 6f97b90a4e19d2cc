package ingot.quant.calibration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.quant.gptq.Drift;
import ingot.runtime.kernel.Backend;
import ingot.runtime.kernel.Kernels;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Sums over activations, beside the same in f64. */
final class MomentsTest {
    private static final int TOKENS = 33;
    private static final int N = 31;
    private static final int HIDDEN = 7;

    private static float[] random(SplittableRandom random, int n) {
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    /** Σ a·bᵀ over the tokens, [rows][cols]. */
    private static double[] outer(double[] a, int rows, float[] b, int cols) {
        double[] sum = new double[rows * cols];
        for (int t = 0; t < a.length / rows; t++) {
            for (int i = 0; i < rows; i++) {
                for (int j = 0; j < cols; j++) {
                    sum[i * cols + j] += a[t * rows + i] * b[t * cols + j];
                }
            }
        }
        return sum;
    }

    /** W·D, [HIDDEN][N]. */
    private static double[] times(float[] w, double[] d) {
        double[] product = new double[w.length];
        for (int i = 0; i < w.length; i++) {
            for (int j = 0; j < N; j++) {
                product[i / N * N + j] += w[i] * d[i % N * N + j];
            }
        }
        return product;
    }

    private static double[] plus(double[] a, double[] b) {
        double[] sum = a.clone();
        for (int i = 0; i < sum.length; i++) {
            sum[i] += b[i];
        }
        return sum;
    }

    private static double[] apart(float[] full, float[] seen) {
        double[] difference = new double[full.length];
        for (int i = 0; i < full.length; i++) {
            difference[i] = (double) full[i] - seen[i];
        }
        return difference;
    }

    private static void assertNear(double[] expected, float[] found, boolean lower) {
        assertEquals(expected.length, found.length);
        for (int i = 0; i < expected.length; i++) {
            if (!lower || i % N <= i / N) {
                // 66 products of a few units each: f32 sums are within 66·2⁻²⁴ of their sum of magnitudes.
                assertEquals(expected[i], found[i], 1e-3, "at " + i);
            }
        }
    }

    /** The full-precision model's minus what is seen, times what is seen: neither sign nor side may change. */
    @Test
    void sums() {
        SplittableRandom random = new SplittableRandom(5);
        float[] seen = random(random, 2 * TOKENS * N);
        float[] full = random(random, seen.length);
        float[] y = random(random, 2 * TOKENS * HIDDEN);
        float[] fullY = random(random, y.length);
        Moments moments = Moments.of(N, true, 2).intoResidual(HIDDEN);
        float[] w = random(random, HIDDEN * N);
        Moments ofOutputs = Moments.intoResidual(N, w);
        try (Kernels kernels = Kernels.create(Backend.AUTO, 0, 2)) {
            for (Moments sums : List.of(moments, ofOutputs)) {
                for (int half = 0; half < 2; half++) {
                    List<float[]> x = List.of(part(seen, half), part(full, half));
                    sums.add(x, TOKENS, kernels);
                    sums.addResidual(List.of(part(y, half), part(fullY, half)), x, TOKENS, kernels);
                }
            }
        }
        assertArrayEquals(moments.h(), ofOutputs.h());
        Drift together = ofOutputs.drift(0.5f).orElseThrow();
        assertEquals(0, together.d().length);
        assertNear(
                plus(outer(apart(fullY, y), HIDDEN, seen, N), times(w, outer(apart(full, seen), N, seen, N))),
                together.r(),
                false);
        assertNear(outer(apart(seen, new float[seen.length]), N, seen, N), moments.h(), true);
        Drift drift = moments.drift(0.5f).orElseThrow();
        assertNear(outer(apart(full, seen), N, seen, N), drift.d(), false);
        assertNear(outer(apart(fullY, y), HIDDEN, seen, N), drift.r(), false);
        assertEquals(0.5 * (2.0 * TOKENS - N) / (2.0 * TOKENS + 9 * N), drift.strength(), 1e-6);
        assertTrue(moments.drift(0).isEmpty());
    }

    private static float[] part(float[] values, int half) {
        int n = values.length / 2;
        float[] part = new float[n];
        System.arraycopy(values, half * n, part, 0, n);
        return part;
    }

    /** A regression on fewer tokens than columns explains chance alone. */
    @Test
    void tooFewTokens() {
        Moments moments = Moments.of(N, true, 2);
        try (Kernels kernels = Kernels.create(Backend.AUTO, 0, 1)) {
            SplittableRandom random = new SplittableRandom(6);
            moments.add(List.of(random(random, N * N), random(random, N * N)), N, kernels);
        }
        assertTrue(moments.drift(1).isEmpty());
    }

    /** One more column, and the square would not fit into an array. */
    @Test
    void tooManyColumns() {
        Moments moments = Moments.of(Moments.WIDEST + 1, true, 2).intoResidual(HIDDEN);
        assertTrue(moments.tooWide());
        assertEquals(0, moments.h().length);
        assertEquals("rounded to nearest: 46341 columns are too many for a Hessian", moments.reason());
        assertTrue(moments.drift(1).isEmpty());
    }

    /** The strongest first inside every block; equals stay as they were. */
    @Test
    void order() {
        double[] squares = {1, 4, 4, 9, 0, 7, 2};
        assertArrayEquals(
                new int[] {3, 5, 1, 2, 6, 0, 4}, ChannelVisit.order(squares, 7).from());
        assertArrayEquals(
                new int[] {1, 2, 0, 3, 5, 4},
                ChannelVisit.order(new double[] {1, 4, 4, 9, 0, 7}, 3).from());
    }
}
