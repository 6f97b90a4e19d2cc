package ingot.tests.gptq;

import static ingot.tests.gptq.GgufRounding.bytes;
import static ingot.tests.gptq.GgufRounding.dequantize;
import static ingot.tests.gptq.GgufRounding.round;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.gguf.GgmlType;
import ingot.quant.gptq.Factor;
import ingot.quant.gptq.Order;
import ingot.quant.gptq.Rounded;
import ingot.quant.grid.BlockScheme;
import ingot.quant.scheme.MatrixSource;
import ingot.runtime.kernel.Backend;
import ingot.runtime.kernel.Kernels;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Error feedback on the grid of every GGUF block type: what is stored, what it is worth, and what is refused. */
final class GgufBlocksTest {
    /** Round-to-nearest by the weights alone. */
    private static float[] nearest(float[] w, int n, GgmlType type) {
        byte[] bytes = new byte[(int) type.bytes(w.length)];
        MatrixSource source = new MatrixSource() {
            @Override
            public String origin() {
                return "test";
            }

            @Override
            public long rows() {
                return w.length / n;
            }

            @Override
            public int cols() {
                return n;
            }

            @Override
            public void read(long first, int rows, float[] out) {
                System.arraycopy(w, (int) first * n, out, 0, rows * n);
            }
        };
        new BlockScheme(type).round(source, ByteBuffer.wrap(bytes)::put);
        return dequantize(bytes, type, w.length);
    }

    private static void assertStored(Rounded rounded, GgmlType type, String where) {
        float[] decoded = dequantize(bytes(rounded), type, rounded.stored().length);
        for (int i = 0; i < decoded.length; i++) {
            assertEquals(
                    Float.floatToRawIntBits(decoded[i]),
                    Float.floatToRawIntBits(rounded.stored()[i]),
                    where + " at " + i);
            assertTrue(Float.isFinite(decoded[i]), where);
        }
    }

    @ParameterizedTest
    @MethodSource("ingot.tests.gptq.GgufRounding#types")
    void storesWhatItSaysAndBeatsRoundToNearest(GgmlType type) throws Factor.Impossible {
        double gain = 0;
        int count = 0;
        for (GgufRounding.Inputs inputs : GgufRounding.Inputs.values()) {
            for (int rows : new int[] {1, 7, 33}) {
                int n = type.blockWeights() == 32 ? 32 * (1 + rows % 4) : 256;
                float[] w = Hessians.weights(rows * n, rows);
                float[] h = Hessians.gram(inputs.of(n), n);
                String where = type + " " + inputs + " " + rows + "x" + n;
                Rounded rounded = round(w, n, type, h);
                assertStored(rounded, type, where);
                double[][] damped = Textbook.damped(Hessians.wide(h, n), Textbook.naturalOrder(n), Factor.DAMPING);
                // In the order of columns reversed, as the damped matrix is.
                double error = Textbook.weighted(damped, reversed(w, n), reversed(rounded.stored(), n));
                double before = Textbook.weighted(damped, reversed(w, n), reversed(nearest(w, n, type), n));
                assertEquals(error, rounded.error().weighted(), 1e-3 * error, where);
                assertTrue(error <= before, where + ": " + error + " against " + before);
                gain += Math.log(error / before);
                count++;
            }
        }
        assertTrue(
                Math.exp(gain / count) < 0.75, type + ": " + Math.exp(gain / count) + " of round-to-nearest's error");
    }

    private static float[] reversed(float[] rows, int n) {
        float[] out = new float[rows.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = rows[i / n * n + n - 1 - i % n];
        }
        return out;
    }

    /** Threads change nothing on either backend, vector widths nothing among themselves. */
    @ParameterizedTest
    @MethodSource("ingot.tests.gptq.GgufRounding#types")
    void threadsAndWidthsGiveTheSameBytes(GgmlType type) throws Factor.Impossible {
        int n = type.blockWeights() == 32 ? 96 : 256;
        float[] w = Hessians.weights(130 * n, 1);
        float[] h = Hessians.gram(Hessians.inputs(170, n, 2), n);
        for (Backend backend : List.of(Backend.SCALAR, Backend.VECTOR)) {
            byte[] first = new byte[0];
            for (int[] way : new int[][] {{128, 1}, {256, 2}, {512, 5}}) {
                try (Kernels kernels = Kernels.create(backend, backend == Backend.SCALAR ? 0 : way[0], way[1])) {
                    byte[] bytes = bytes(round(w, n, type, h, Order.Kind.ACTIVATION, kernels));
                    first = first.length == 0 ? bytes : first;
                    assertArrayEquals(first, bytes, () -> kernels.label() + " with " + way[1] + " threads");
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("ingot.tests.gptq.GgufRounding#types")
    void extremeRowsAndDeadColumns(GgmlType type) throws Factor.Impossible {
        int n = type.blockWeights() == 32 ? 96 : 256;
        float[] x = Hessians.inputs(2 * n, n, 4);
        for (int i = 0; i < x.length; i += n) {
            x[i + 3] = 0; // a column that is dead
            Arrays.fill(x, i + 32, i + 64, 0); // and a group that is
        }
        float[] w = Hessians.weights(8 * n, 3);
        Arrays.fill(w, 0, n, 0f);
        Arrays.fill(w, n, 2 * n, 0.02f);
        Arrays.fill(w, 2 * n, 3 * n, -0.02f);
        w[3 * n + 40] = 1e4f;
        for (int i = 4 * n; i < 5 * n; i++) {
            w[i] *= 1e-3f; // factors that are subnormal in f16
        }
        for (int i = 5 * n; i < 6 * n; i++) {
            w[i] *= 1e-12f; // factors below f16
        }
        for (int i = 6 * n; i < 7 * n; i++) {
            w[i] = w[i] < 0 ? -Float.MIN_VALUE : 0f;
        }
        Rounded rounded = round(w, n, type, Hessians.gram(x, n));
        assertStored(rounded, type, type.name());
        for (int k = 0; k < n; k++) {
            assertEquals(0f, Math.abs(rounded.stored()[k]), "a row of zeros");
            // One level aside at most, where that makes up for another column: 18 % at the ends of IQ4_NL's table.
            assertEquals(0.02, rounded.stored()[n + k], 4e-3, "a constant row");
            assertEquals(-0.02, rounded.stored()[2 * n + k], 4e-3, "a constant row");
        }
        assertEquals(1e4f, rounded.stored()[3 * n + 40], 1.2e3f, "the outlier");
        // What no input reaches is rounded to nearest, not zeroed.
        double error = 0;
        double size = 0;
        for (int k = 32; k < 64; k++) {
            error += Math.pow(w[7 * n + k] - rounded.stored()[7 * n + k], 2);
            size += Math.pow(w[7 * n + k], 2);
        }
        assertTrue(error < 0.03 * size, "a dead group survives: " + error / size);
    }

    /** The caller falls back to round-to-nearest, which takes it or names the tensor. */
    @ParameterizedTest
    @MethodSource("ingot.tests.gptq.GgufRounding#types")
    void factorsBeyondF16AreRefused(GgmlType type) {
        int n = 256;
        float[] h = Hessians.gram(Hessians.inputs(2 * n, n, 5), n);
        for (float large : new float[] {-1e10f, 1e10f, Float.MAX_VALUE}) {
            float[] w = Hessians.weights(2 * n, 6);
            w[n + 34] = large;
            assertThrows(Factor.Impossible.class, () -> round(w, n, type, h), type + " " + large);
        }
    }
}
