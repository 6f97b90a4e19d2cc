package ingot.tests.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.runtime.kernel.Backend;
import ingot.runtime.kernel.Blas;
import ingot.runtime.kernel.Blas.Tile;
import ingot.runtime.kernel.Kernels;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Dense products and factorizations of every backend and width against sums in double, within the written bounds. */
class BlasTest {
    private static final int[] SIZES = {1, 7, 31, 33, 100, 257};
    private static final double EPSILON = 0x1p-24;

    /** −1 is the scalar backend. */
    private static final int[] WIDTHS = {-1, 0, 128, 256, 512};

    private static Kernels kernels(int bits, int threads) {
        return bits < 0 ? Kernels.create(Backend.SCALAR, 0, threads) : Kernels.create(Backend.VECTOR, bits, threads);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 128, 256, 512})
    void gramAddsTheLowerTriangle(int bits) {
        try (Kernels kernels = kernels(bits, 2)) {
            for (int n : SIZES) {
                for (int tokens : new int[] {0, 1, 33, 300}) {
                    float[] x = random(tokens * n, 1);
                    float[] before = random(n * n, 2);
                    float[] h = before.clone();
                    kernels.blas().gram(x, tokens, n, h);
                    for (int i = 0; i < n; i++) {
                        for (int j = 0; j < n; j++) {
                            if (j > i) {
                                assertEquals(before[i * n + j], h[i * n + j], "upper triangle");
                            } else {
                                Factors f = new Factors(new Tile(x, i, n), new Tile(x, j, n), tokens);
                                check(before[i * n + j], f, h[i * n + j], i + " " + j + " of " + n);
                            }
                        }
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 128, 256, 512})
    void crossAddsAllOfTheProduct(int bits) {
        try (Kernels kernels = kernels(bits, 2)) {
            for (int n : SIZES) {
                int tokens = 77;
                float[] a = random(tokens * n, 3);
                float[] b = random(tokens * n, 4);
                float[] before = random(n * n, 5);
                float[] d = before.clone();
                kernels.blas().cross(a, b, tokens, n, d);
                for (int i = 0; i < n; i++) {
                    for (int j = 0; j < n; j++) {
                        Factors f = new Factors(new Tile(a, i, n), new Tile(b, j, n), tokens);
                        check(before[i * n + j], f, d[i * n + j], i + " " + j + " of " + n);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 128, 256, 512})
    void multiplyAddStaysInItsWindow(int bits) {
        int[][] shapes = {
            {1, 1, 1}, {7, 31, 33}, {33, 100, 7}, {100, 257, 31}, {257, 7, 100}, {98, 600, 1100}, {31, 1, 64}
        };
        try (Kernels kernels = kernels(bits, 2)) {
            for (int[] s : shapes) {
                for (float alpha : new float[] {1, -1, 0.3f}) {
                    window(kernels.blas(), alpha, s[0], s[1], s[2]);
                }
                transposed(kernels.blas(), s[0], s[1], s[2]);
            }
        }
    }

    private static void window(Blas blas, float alpha, int m, int k, int n) {
        Tile a = new Tile(random(3 + m * (k + 2), 6), 3, k + 2);
        Tile b = new Tile(random(5 + k * (n + 1), 7), 5, n + 1);
        float[] before = random(4 + m * (n + 3), 8);
        Tile c = new Tile(before.clone(), 4, n + 3);
        blas.multiplyAdd(alpha, a, b, c, m, k, n);
        float[] expected = before.clone();
        for (int i = 0; i < m; i++) {
            float[] row =
                    Arrays.copyOfRange(a.data(), a.at(i, 0).at(), a.at(i, 0).at() + k);
            for (int l = 0; l < k; l++) {
                row[l] *= alpha;
            }
            for (int j = 0; j < n; j++) {
                int at = c.at(i, j).at();
                check(before[at], new Factors(new Tile(row, 0, 1), b.at(0, j), k), c.data()[at], m + " " + k + " " + n);
                expected[at] = c.data()[at];
            }
        }
        assertArrayEquals(expected, c.data(), 0, "outside of the window");
    }

    /** Columns of two windows whose product is summed. */
    private record Factors(Tile a, Tile b, int k) {}

    private static void check(float before, Factors f, float actual, String where) {
        double exact = before;
        double magnitude = Math.abs(before);
        for (int l = 0; l < f.k; l++) {
            double product = (double) f.a.data()[f.a.at(l, 0).at()]
                    * f.b.data()[f.b.at(l, 0).at()];
            exact += product;
            magnitude += Math.abs(product);
        }
        // One ε more for α·a, which the scalar backend does not round.
        double bound = (Math.min(f.k, 256) + (f.k + 255) / 256 + 2) * EPSILON * magnitude;
        assertEquals(exact, actual, bound, where);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 128, 256, 512})
    void choleskyTimesItsTransposeIsTheMatrix(int bits) {
        try (Kernels kernels = kernels(bits, 2)) {
            for (int n : SIZES) {
                float[] a = definite(n);
                float[] l = a.clone();
                assertEquals(n, kernels.blas().cholesky(l, n));
                for (int i = 0; i < n; i++) {
                    for (int j = 0; j <= i; j++) {
                        double product = 0;
                        double magnitude = 0;
                        for (int k = 0; k <= j; k++) {
                            product += (double) l[i * n + k] * l[j * n + k];
                            magnitude += Math.abs((double) l[i * n + k] * l[j * n + k]);
                        }
                        assertEquals(a[i * n + j], product, (n + 1) * EPSILON * magnitude, i + " " + j + " of " + n);
                    }
                    assertTrue(l[i * n + i] > 0);
                    for (int j = i + 1; j < n; j++) {
                        assertEquals(a[i * n + j], l[i * n + j], "upper triangle");
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 128, 256, 512})
    void theFirstPivotThatIsNotPositiveIsNamed(int bits) {
        try (Kernels kernels = kernels(bits, 2)) {
            for (int n : SIZES) {
                for (int bad : new int[] {0, n / 3, n - 1}) {
                    for (float pivot : new float[] {0, -1, Float.NaN, Float.POSITIVE_INFINITY}) {
                        float[] a = definite(n);
                        a[bad * n + bad] = pivot;
                        assertEquals(bad, kernels.blas().cholesky(a, n), n + " " + pivot);
                    }
                }
            }
        }
    }

    @Test
    void threadsChangeNoBitAndWidthsNoBitOfAProduct() {
        int n = 420;
        float[] products = {};
        for (int bits : WIDTHS) {
            float[] expected = {};
            for (int threads : new int[] {1, 2, 5}) {
                try (Kernels kernels = kernels(bits, threads)) {
                    float[] all = everything(kernels.blas(), n);
                    expected = expected.length == 0 ? all : expected;
                    assertArrayEquals(expected, all, 0, kernels.label() + " " + threads);
                }
            }
            if (bits >= 0) {
                products = products.length == 0 ? expected : products;
                assertArrayEquals(products, expected, 0, "vectors of " + bits);
            }
        }
    }

    /** The results of all operations one after the other. */
    private static float[] everything(Blas blas, int n) {
        int tokens = 300;
        float[] x = random(tokens * n, 9);
        float[] all = new float[4 * n * n];
        float[] h = new float[n * n];
        blas.gram(x, tokens, n, h);
        System.arraycopy(h, 0, all, 0, n * n);
        blas.cross(x, random(tokens * n, 10), tokens, n, h);
        System.arraycopy(h, 0, all, n * n, n * n);
        blas.multiplyAdd(-1, new Tile(x, 0, tokens), new Tile(x, 1, n), new Tile(h, 0, n), n, tokens - 1, n - 1);
        System.arraycopy(h, 0, all, 2 * n * n, n * n);
        float[] a = definite(n);
        assertEquals(n, blas.cholesky(a, n));
        System.arraycopy(a, 0, all, 3 * n * n, n * n);
        return all;
    }

    private static void transposed(Blas blas, int m, int k, int n) {
        Tile a = new Tile(random(3 + m * (k + 2), 14), 3, k + 2);
        Tile b = new Tile(random(5 + n * (k + 1), 15), 5, k + 1);
        float[] before = random(4 + m * (n + 3), 16);
        Tile c = new Tile(before.clone(), 4, n + 3);
        blas.multiplyAddTransposed(a, b, c, m, k, n);
        float[] expected = before.clone();
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                int at = c.at(i, j).at();
                float[] column =
                        Arrays.copyOfRange(b.data(), b.at(j, 0).at(), b.at(j, 0).at() + k);
                float[] row =
                        Arrays.copyOfRange(a.data(), a.at(i, 0).at(), a.at(i, 0).at() + k);
                Factors f = new Factors(new Tile(row, 0, 1), new Tile(column, 0, 1), k);
                check(before[at], f, c.data()[at], "transposed " + m + " " + k + " " + n);
                expected[at] = c.data()[at];
            }
        }
        assertArrayEquals(expected, c.data(), "outside of the window");
    }

    @Test
    void steadyWorkAllocatesNoBuffers() {
        int n = 420;
        int tokens = 300;
        float[] x = random(tokens * n, 11);
        float[] h = new float[n * n];
        float[] a = definite(n);
        float[] l = a.clone();
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Kernels kernels = Kernels.create(Backend.VECTOR, 0, 1)) {
            long least = Long.MAX_VALUE;
            for (int round = 0; round < 200; round++) {
                System.arraycopy(a, 0, l, 0, n * n);
                long before = threads.getCurrentThreadAllocatedBytes();
                kernels.blas().gram(x, tokens, n, h);
                kernels.blas().cholesky(l, n);
                least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
            }
            // Some 100 bytes per tile for records of where it is; the packed factors of one pass would be 500 KB.
            assertTrue(least < 2 * n * n, least + " bytes");
        }
    }

    @Test
    void wrongArgumentsAreRefused() {
        for (int bits : WIDTHS) {
            try (Kernels kernels = kernels(bits, 1)) {
                Blas blas = kernels.blas();
                float[] nine = new float[9];
                Class<IllegalArgumentException> refused = IllegalArgumentException.class;
                assertThrows(refused, () -> blas.gram(nine, 4, 3, nine));
                assertThrows(refused, () -> blas.gram(nine, -1, 3, nine));
                assertThrows(refused, () -> blas.gram(nine, 2, 4, nine));
                assertThrows(refused, () -> blas.cross(nine, new float[8], 3, 3, nine));
                assertThrows(refused, () -> blas.cholesky(nine, 4));
                assertThrows(refused, () -> blas.cholesky(nine, 65536));
                Tile good = new Tile(nine, 0, 3);
                for (Tile bad : List.of(new Tile(nine, 1, 3), new Tile(nine, -1, 3), new Tile(nine, 0, 2))) {
                    assertThrows(refused, () -> blas.multiplyAdd(1, bad, good, good, 3, 3, 3));
                    assertThrows(refused, () -> blas.multiplyAdd(1, good, bad, good, 3, 3, 3));
                    assertThrows(refused, () -> blas.multiplyAdd(1, good, good, bad, 3, 3, 3));
                }
            }
        }
    }

    /** A Gram matrix of more rows than columns with a diagonal that keeps it definite in f32; noise above the diagonal. */
    private static float[] definite(int n) {
        float[] x = random((n + 9) * n, 12);
        float[] a = random(n * n, 13);
        for (int i = 0; i < n; i++) {
            for (int j = 0; j <= i; j++) {
                double sum = i == j ? 0.1 * n : 0;
                for (int t = 0; t < n + 9; t++) {
                    sum += (double) x[t * n + i] * x[t * n + j];
                }
                a[i * n + j] = (float) sum;
            }
        }
        return a;
    }

    private static float[] random(int length, int seed) {
        Random random = new Random(seed);
        float[] x = new float[length];
        for (int i = 0; i < length; i++) {
            x[i] = (float) random.nextGaussian();
        }
        return x;
    }
}
