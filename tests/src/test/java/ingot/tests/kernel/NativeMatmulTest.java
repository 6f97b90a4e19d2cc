package ingot.tests.kernel;

import static ingot.tests.kernel.Multiplication.activations;
import static ingot.tests.kernel.Multiplication.product;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.block.Dense;
import ingot.formats.block.Grouped;
import ingot.formats.block.Grouping;
import ingot.formats.block.Int4;
import ingot.runtime.kernel.Backend;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.Matrix;
import ingot.runtime.kernel.nativecode.ActivationBits;
import ingot.runtime.kernel.nativecode.Isa;
import ingot.runtime.kernel.nativecode.NativeKernels;
import ingot.tests.block.RandomMatrix;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Generated kernels against plain loops written from the definition of their arithmetic (docs/decisions/0080): every bit
 * must be equal, for every instruction set this machine has. One without dot products of bytes leaves several tokens to the
 * portable backend.
 */
class NativeMatmulTest {
    static final List<Grouped> LAYOUTS = RandomMatrix.LAYOUTS.stream()
            .filter(Grouped.class::isInstance)
            .map(Grouped.class::cast)
            .toList();
    private static final int[][] SHAPES = {
        {1, 1}, {7, 31}, {31, 33}, {33, 100}, {100, 7}, {16, 896}, {300, 100}, {50, 1100}, {17, 256}
    };
    private static final int[] TOKENS = {1, 2, 5, 6, 7, 33};
    private static final int UNIT = 32;
    private static final double EPSILON = 0x1p-24;

    private static Kernels kernels(Isa isa, int threads) {
        return kernels(isa, ActivationBits.TWENTY, threads);
    }

    private static Kernels kernels(Isa isa, ActivationBits bits, int threads) {
        return NativeMachine.kernels(isa, bits, threads);
    }

    /** Those of this machine that have kernels for activations of so many bits; 8 want products of bytes with many tokens. */
    private static List<Isa> isas(ActivationBits bits) {
        return NativeMachine.isas().stream()
                .filter(isa -> bits == ActivationBits.TWENTY || isa == Isa.AVX512_VNNI)
                .toList();
    }

    /** Eight bits save nothing where only one token is multiplied by generated code. */
    @Test
    void eightBitsAreForBytesAndManyTokens() {
        for (Isa isa : NativeMachine.isas()) {
            if (isa != Isa.AVX512_VNNI) {
                assertThrows(IngotException.Usage.class, () -> kernels(isa, ActivationBits.EIGHT, 1));
            }
        }
    }

    static Stream<Arguments> layoutsAndBits() {
        return LAYOUTS.stream()
                .flatMap(layout -> Stream.of(ActivationBits.values()).map(bits -> Arguments.of(layout, bits)));
    }

    @ParameterizedTest
    @MethodSource("layoutsAndBits")
    void everyBitIsThatOfTheDefinition(Grouped layout, ActivationBits bits) {
        for (Isa isa : isas(bits)) {
            try (Kernels kernels = kernels(isa, bits, 2);
                    Kernels portable = Kernels.create(Backend.PORTABLE, 0, 1)) {
                for (int[] shape : SHAPES) {
                    RandomMatrix m = RandomMatrix.of(layout, shape[0], shape[1], 11);
                    Matrix w = new Matrix(layout, m.rows(), m.cols(), m.parts());
                    float[] x = activations(33, m.cols());
                    float[] defined = NativeDefinition.product(m, x, 33, bits);
                    for (int tokens : TOKENS) {
                        float[] y = new float[tokens * m.rows()];
                        Arrays.fill(y, Float.NaN);
                        kernels.matmul(w, x, tokens, y);
                        boolean generated = tokens == 1 || isa == Isa.AVX512_VNNI;
                        assertArrayEquals(
                                generated ? Arrays.copyOf(defined, y.length) : product(portable, w, x, tokens),
                                y,
                                0,
                                () -> kernels.label() + " " + layout + " " + m.rows() + "x" + m.cols() + " " + tokens);
                    }
                }
            }
        }
    }

    /** Within the bound of {@link NativeKernels}. */
    @ParameterizedTest
    @MethodSource("layoutsAndBits")
    void theErrorIsThatOfTheActivations(Grouped layout, ActivationBits bits) {
        RandomMatrix m = RandomMatrix.of(layout, 64, 1024, 5);
        Matrix w = new Matrix(layout, m.rows(), m.cols(), m.parts());
        float[] x = activations(4, m.cols());
        int units = m.cols() / UNIT;
        for (Isa isa : isas(bits)) {
            try (Kernels kernels = kernels(isa, bits, 1)) {
                float[] y = new float[4 * m.rows()];
                for (int t = 0; t < 4; t++) {
                    float[] one = new float[m.rows()];
                    kernels.matmul(w, Arrays.copyOfRange(x, t * m.cols(), (t + 1) * m.cols()), 1, one);
                    System.arraycopy(one, 0, y, t * m.rows(), m.rows());
                }
                float[] row = new float[m.cols()];
                double noise = 0;
                double signal = 0;
                for (int r = 0; r < m.rows(); r++) {
                    w.decodeRow(r, row, 0);
                    for (int t = 0; t < 4; t++) {
                        double exact = 0;
                        double bound = 0;
                        for (int from = 0; from < m.cols(); from += UNIT) {
                            double weights = 0;
                            double products = 0;
                            double sum = 0;
                            for (int k = from; k < from + UNIT; k++) {
                                double product = (double) row[k] * x[t * m.cols() + k];
                                weights += Math.abs(row[k]);
                                products += Math.abs(product);
                                sum += product;
                                signal += product * product;
                            }
                            exact += sum;
                            bound += weights * largest(x, t * m.cols() + from) / (2 * bits.largest())
                                    + 4 * EPSILON * products
                                    + (2 + units) * EPSILON * Math.abs(sum);
                        }
                        // The bound is one to first order.
                        bound *= 1 + 0x1p-10;
                        double error = y[t * m.rows() + r] - exact;
                        assertEquals(0, error, bound, layout.toString());
                        noise += error * error;
                    }
                }
                double nmse = noise / signal;
                // Steps of 1/524287 of the largest of 32 normal numbers make 2.4e-12, steps of 1/127 of it 4e-5.
                double step = 1 / bits.largest();
                assertTrue(nmse < 1.4 * step * step, () -> nmse + " " + layout);
                assertTrue(nmse > 0.2 * step * step, () -> nmse + " " + layout + ": not rounded");
            }
        }
    }

    /** Within the bound of DenseMatVecCode, which is the portable backend's too: it has dense weights where that is missing. */
    @ParameterizedTest
    @EnumSource(names = {"F32", "F16", "BF16"})
    void denseWeights(DType type) {
        for (Isa isa : NativeMachine.isas()) {
            for (int[] shape : new int[][] {{1, 1}, {7, 31}, {31, 33}, {33, 100}, {3, 64}, {16, 896}, {1300, 200}}) {
                RandomMatrix m = RandomMatrix.of(new Dense(type), shape[0], shape[1], 4);
                Matrix w = new Matrix(m.layout(), m.rows(), m.cols(), m.parts());
                float[] x = activations(1, m.cols());
                float[] y = new float[m.rows()];
                Arrays.fill(y, Float.NaN);
                try (Kernels kernels = kernels(isa, 2)) {
                    kernels.matmul(w, x, 1, y);
                }
                float[] row = new float[m.cols()];
                for (int r = 0; r < m.rows(); r++) {
                    w.decodeRow(r, row, 0);
                    double exact = 0;
                    double products = 0;
                    for (int k = 0; k < m.cols(); k++) {
                        exact += (double) row[k] * x[k];
                        products += Math.abs((double) row[k] * x[k]);
                    }
                    double bound = (Math.ceilDiv(m.cols(), 64) + 10) * EPSILON * products;
                    assertEquals(exact, y[r], bound, isa + " " + m.rows() + "x" + m.cols() + " row " + r);
                }
            }
        }
    }

    @Test
    void unusualActivations() {
        Grouped layout = new Int4(Grouping.CHANNEL);
        RandomMatrix m = RandomMatrix.of(layout, 31, 100, 3);
        Matrix w = new Matrix(layout, 31, 100, m.parts());
        for (Isa isa : NativeMachine.isas()) {
            try (Kernels kernels = kernels(isa, 1)) {
                for (float odd : new float[] {0, -0f, 1e-45f, 0x1p-101f, 0x1p-99f, 1e38f, -65504}) {
                    float[] x = new float[200];
                    x[40] = odd;
                    x[177] = odd;
                    float[] y = new float[62];
                    if (isa == Isa.AVX512_VNNI) {
                        kernels.matmul(w, x, 2, y);
                        assertArrayEquals(
                                NativeDefinition.product(m, x, 2, ActivationBits.TWENTY), y, 0, "activation " + odd);
                    }
                    float[] one = new float[31];
                    kernels.matmul(w, x, 1, one);
                    assertArrayEquals(
                            NativeDefinition.product(m, x, 1, ActivationBits.TWENTY), one, 0, "activation " + odd);
                }
                for (float broken : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
                    float[] x = activations(2, 100);
                    x[99] = broken;
                    float[] one = new float[31];
                    float[] two = new float[62];
                    kernels.matmul(w, x, 1, one);
                    kernels.matmul(w, x, 2, two);
                    for (int r = 0; r < 31; r++) {
                        assertFalse(Float.isFinite(one[r]) || Float.isFinite(two[r]), "row " + r);
                        assertTrue(Float.isFinite(two[31 + r]), "row " + r);
                    }
                }
            }
        }
    }

    private static double largest(float[] x, int at) {
        double largest = 0;
        for (int k = at; k < at + UNIT; k++) {
            largest = Math.max(largest, Math.abs(x[k]));
        }
        return largest;
    }
}
