package ingot.tests.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.runtime.kernel.Backend;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.KvRows;
import ingot.runtime.kernel.Ops;
import ingot.runtime.kernel.nativecode.NativeSupport;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every operation at every width against its formula in double; operands begin anywhere, neighbours stay untouched. */
class OpsTest {
    private static final int[] SIZES = {1, 2, 7, 16, 31, 33, 64, 100, 128, 896};
    private static final double EPSILON = 0x1p-24;
    private static final float GUARD = 1234.5f;

    record Named(String label, Ops ops) {
        @Override
        public String toString() {
            return label;
        }
    }

    static List<Named> backends() {
        Stream<Named> portable = Stream.concat(
                Stream.of(named(Backend.SCALAR, 0)),
                Stream.of(0, 128, 256, 512).map(bits -> named(Backend.VECTOR, bits)));
        boolean generated = NativeSupport.probe() instanceof NativeSupport.Ready;
        return Stream.concat(portable, generated ? Stream.of(named(Backend.NATIVE, 0)) : Stream.of())
                .toList();
    }

    private static Named named(Backend backend, int bits) {
        try (Kernels k = Kernels.create(backend, bits, 1)) {
            return new Named(k.label(), k.ops());
        }
    }

    /** What is generated does not change with the backend that a machine has. */
    @Test
    void generatedCodeHasTheBitsOfVectors() {
        NativeMachine.isas();
        Ops vectors = named(Backend.VECTOR, 0).ops();
        Ops generated = named(Backend.NATIVE, 0).ops();
        Random random = new Random(9);
        for (int n : SIZES) {
            float[] a = gaussian(random, n + 2);
            float[] b = gaussian(random, n + 2);
            a[n] = random.nextFloat() * 200 - 100;
            assertEquals(vectors.dot(a, 1, b, 2, n), generated.dot(a, 1, b, 2, n), 0, "dot " + n);
            same(vectors, generated, b, (ops, out) -> ops.axpy(0.3f, a, 2, out, 1, n));
            same(vectors, generated, b, (ops, out) -> ops.rmsNorm(a, 2, Arrays.copyOf(b, n), 1e-5f, out, 1));
            same(vectors, generated, b, (ops, out) -> ops.softmax(out, 1, n));
            same(vectors, generated, a, (ops, out) -> ops.siluMul(out, 1, b, 2, n));
            same(vectors, generated, b, (ops, out) -> ops.sigmoidMul(a, 2, out, 1, n));
            KvRows rows = new KvRows(a, 1, 1, (n + 1) / 2);
            same(vectors, generated, b, (ops, out) -> ops.accumulate(b, 1, rows, (n + 1) / 2, out, 1));
            same(vectors, generated, b, (ops, out) -> ops.accumulate(b, 1, rows, 0, out, 1));
        }
    }

    private static void same(Ops vectors, Ops generated, float[] start, BiConsumer<Ops, float[]> operation) {
        float[] expected = start.clone();
        operation.accept(vectors, expected);
        float[] given = start.clone();
        operation.accept(generated, given);
        assertArrayEquals(expected, given, 0);
    }

    /** Generated code reads and writes where it is told to; bounds are looked at before. */
    @Test
    void operandsOutsideOfTheirArraysAreRefused() {
        NativeMachine.isas();
        Ops ops = named(Backend.NATIVE, 0).ops();
        float[] five = new float[5];
        assertThrows(IndexOutOfBoundsException.class, () -> ops.dot(five, 1, five, 0, 5));
        assertThrows(IndexOutOfBoundsException.class, () -> ops.add(five, 0, five, -1, 5));
        assertThrows(IndexOutOfBoundsException.class, () -> ops.rmsNorm(five, 0, five, 1, five, 1));
        assertThrows(IndexOutOfBoundsException.class, () -> ops.rotate(five, 0, 3, five, five, 0));
        assertThrows(IndexOutOfBoundsException.class, () -> ops.softmax(five, 2, 4));
        KvRows rows = new KvRows(five, 0, 2, 2);
        assertThrows(IndexOutOfBoundsException.class, () -> ops.accumulate(five, 0, rows, 3, five, 0));
    }

    @ParameterizedTest
    @MethodSource("backends")
    void dotAxpyAdd(Named backend) {
        Random random = new Random(1);
        for (int n : SIZES) {
            float[] a = gaussian(random, n + 5);
            float[] b = gaussian(random, n + 3);
            double exact = 0;
            double magnitude = 0;
            for (int i = 0; i < n; i++) {
                exact += (double) a[3 + i] * b[1 + i];
                magnitude += Math.abs((double) a[3 + i] * b[1 + i]);
            }
            assertEquals(exact, backend.ops().dot(a, 3, b, 1, n), (n + 1) * EPSILON * magnitude);

            float[] y = guarded(b, n, 2);
            backend.ops().axpy(0.7f, a, 3, y, 2, n);
            for (int i = 0; i < n; i++) {
                double sum = (double) 0.7f * a[3 + i] + b[i];
                assertEquals(sum, y[2 + i], 2 * EPSILON * (Math.abs(0.7f * a[3 + i]) + Math.abs(b[i])));
            }
            assertGuards(y, n, 2);

            float[] z = guarded(b, n, 1);
            backend.ops().add(a, 3, z, 1, n);
            for (int i = 0; i < n; i++) {
                assertEquals(a[3 + i] + b[i], z[1 + i], 0.0f);
            }
            assertGuards(z, n, 1);
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void rmsNorm(Named backend) {
        Random random = new Random(2);
        for (int n : SIZES) {
            float[] x = gaussian(random, n + 2);
            float[] weight = gaussian(random, n);
            float[] out = guarded(x, n, 4);
            backend.ops().rmsNorm(x, 2, weight, 1e-6f, out, 4);
            double mean = 0;
            for (int i = 0; i < n; i++) {
                mean += (double) x[2 + i] * x[2 + i] / n;
            }
            for (int i = 0; i < n; i++) {
                double exact = x[2 + i] / Math.sqrt(mean + 1e-6f) * weight[i];
                assertEquals(exact, out[4 + i], (n / 2.0 + 5) * EPSILON * Math.abs(exact) + 1e-38);
            }
            assertGuards(out, n, 4);
            backend.ops().rmsNorm(x, 2, weight, 1e-6f, x, 2);
            for (int i = 0; i < n; i++) {
                assertEquals(out[4 + i], x[2 + i], 0.0f);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void softmax(Named backend) {
        Random random = new Random(3);
        for (int n : SIZES) {
            for (float spread : new float[] {1, 30, 1000}) {
                float[] logits = new float[n];
                double max = Double.NEGATIVE_INFINITY;
                for (int i = 0; i < n; i++) {
                    logits[i] = (float) random.nextGaussian() * spread + 50;
                    max = Math.max(max, logits[i]);
                }
                double sum = 0;
                for (float v : logits) {
                    sum += Math.exp(v - max);
                }
                float[] x = guarded(logits, n, 3);
                backend.ops().softmax(x, 3, n);
                for (int i = 0; i < n; i++) {
                    double exact = Math.exp(logits[i] - max) / sum;
                    // x − max is rounded, by at most ε·|x − max|, before the exponential.
                    double bound = (n + 8 + max - logits[i]) * EPSILON * exact + 0x1p-120;
                    assertEquals(exact, x[3 + i], bound, backend + " n " + n + " spread " + spread);
                }
                assertGuards(x, n, 3);
            }
        }
        float[] masked = {0, Float.NEGATIVE_INFINITY, 0};
        backend.ops().softmax(masked, 0, 3);
        assertArrayEquals(new float[] {0.5f, 0, 0.5f}, masked, 1e-7f);
    }

    @ParameterizedTest
    @MethodSource("backends")
    void siluMul(Named backend) {
        Random random = new Random(4);
        for (int n : SIZES) {
            for (float spread : new float[] {0.01f, 1, 20, 200}) {
                float[] g = gaussian(random, n);
                float[] up = gaussian(random, n + 1);
                for (int i = 0; i < n; i++) {
                    g[i] *= spread;
                }
                float[] gate = guarded(g, n, 2);
                backend.ops().siluMul(gate, 2, up, 1, n);
                for (int i = 0; i < n; i++) {
                    double exact = g[i] / (1 + Math.exp(-(double) g[i])) * up[1 + i];
                    assertEquals(exact, gate[2 + i], 8 * EPSILON * Math.abs(exact) + 0x1p-110, backend + " " + g[i]);
                }
                assertGuards(gate, n, 2);
            }
        }
        float[] nan = {Float.NaN, 1};
        backend.ops().siluMul(nan, 0, new float[] {1, 1}, 0, 2);
        assertTrue(Float.isNaN(nan[0]), "NaN must not be hidden");
    }

    @ParameterizedTest
    @MethodSource("backends")
    void sigmoidMul(Named backend) {
        Random random = new Random(8);
        for (int n : SIZES) {
            for (float spread : new float[] {0.01f, 1, 20, 80}) {
                float[] gate = gaussian(random, n + 1);
                for (int i = 0; i <= n; i++) {
                    gate[i] *= spread;
                }
                float[] source = gaussian(random, n);
                float[] x = guarded(source, n, 2);
                backend.ops().sigmoidMul(gate, 1, x, 2, n);
                float[] own = guarded(source, n, 1);
                backend.ops().sigmoidMul(own, 1, own, 1, n);
                for (int i = 0; i < n; i++) {
                    double exact = source[i] / (1 + Math.exp(-(double) gate[1 + i]));
                    assertEquals(
                            exact, x[2 + i], 8 * EPSILON * Math.abs(exact) + 0x1p-110, backend + " " + gate[1 + i]);
                    double silu = source[i] / (1 + Math.exp(-(double) source[i]));
                    assertEquals(silu, own[1 + i], 8 * EPSILON * Math.abs(silu), backend + " in place");
                }
                assertGuards(x, n, 2);
                assertGuards(own, n, 1);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void rotate(Named backend) {
        Random random = new Random(5);
        for (int half : new int[] {1, 4, 7, 16, 32, 33, 64}) {
            float[] source = gaussian(random, 2 * half);
            float[] cos = gaussian(random, half + 2);
            float[] sin = gaussian(random, half + 2);
            float[] x = guarded(source, 2 * half, 1);
            backend.ops().rotate(x, 1, half, cos, sin, 2);
            for (int i = 0; i < half; i++) {
                assertEquals(source[i] * cos[2 + i] - source[half + i] * sin[2 + i], x[1 + i], 0.0f);
                assertEquals(source[half + i] * cos[2 + i] + source[i] * sin[2 + i], x[1 + half + i], 0.0f);
            }
            assertGuards(x, 2 * half, 1);
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void attention(Named backend) {
        Random random = new Random(6);
        for (int dim : new int[] {1, 7, 32, 33, 64, 128}) {
            int stride = dim + 3;
            int n = 9;
            KvRows rows = new KvRows(gaussian(random, 2 + n * stride), 2, stride, dim);
            float[] q = gaussian(random, dim + 1);
            float[] scores = guarded(new float[n], n, 4);
            backend.ops().scores(q, 1, rows, n, 0.125f, scores, 4);
            float[] out = guarded(q, dim, 3);
            backend.ops().accumulate(scores, 4, rows, n, out, 3);
            double[] sums = new double[dim];
            double[] magnitudes = new double[dim];
            for (int i = 0; i < n; i++) {
                double exact = 0;
                double magnitude = 0;
                for (int d = 0; d < dim; d++) {
                    double product = 0.125 * q[1 + d] * rows.data()[2 + i * stride + d];
                    exact += product;
                    magnitude += Math.abs(product);
                    double term = (double) scores[4 + i] * rows.data()[2 + i * stride + d];
                    sums[d] += term;
                    magnitudes[d] += Math.abs(term);
                }
                assertEquals(exact, scores[4 + i], (dim + 2) * EPSILON * magnitude);
            }
            for (int d = 0; d < dim; d++) {
                double start = q[d];
                assertEquals(sums[d] + start, out[3 + d], (2 * n + 2) * EPSILON * (magnitudes[d] + Math.abs(start)));
            }
            assertGuards(scores, n, 4);
            assertGuards(out, dim, 3);
        }
    }

    private static float[] gaussian(Random random, int n) {
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) random.nextGaussian();
        }
        return x;
    }

    /** The first n of source from {@code at} on, guards around them. */
    private static float[] guarded(float[] source, int n, int at) {
        float[] x = new float[at + n + 20];
        Arrays.fill(x, GUARD);
        System.arraycopy(source, 0, x, at, n);
        return x;
    }

    private static void assertGuards(float[] x, int n, int at) {
        for (int i = 0; i < x.length; i++) {
            if (i < at || i >= at + n) {
                assertEquals(GUARD, x[i], "element " + i + " outside of the operand was written");
            }
        }
    }
}
