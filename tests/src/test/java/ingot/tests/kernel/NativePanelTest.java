package ingot.tests.kernel;

import static ingot.tests.kernel.Multiplication.activations;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ingot.formats.block.Grouped;
import ingot.formats.block.Grouping;
import ingot.formats.block.Int4;
import ingot.formats.block.Int8;
import ingot.formats.block.IntN;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.Matrix;
import ingot.runtime.kernel.nativecode.ActivationBits;
import ingot.runtime.kernel.nativecode.Isa;
import ingot.tests.block.RandomMatrix;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Products of so many tokens that they go through panels and tiles, not token by token: several runs of 32 tiles, several panels
 * of a task, several stretches of 512 columns, and what lies behind the outputs.
 */
class NativePanelTest {
    /** Numbers of tokens that are no "few tokens" with 20 bits nor with 8. */
    private static final int[] TOKENS = {6, 10, 200};

    /** Floats behind the outputs: nothing may touch them. */
    private static final int BEHIND = 64;

    private static final int[][] SHAPES = {{1, 33}, {31, 96}, {33, 1100}, {600, 1100}};

    @BeforeEach
    void panels() {
        assumeTrue(NativeMachine.isas().contains(Isa.AVX512_VNNI), "NOT TESTED HERE: the processor lacks AVX-512 VNNI");
    }

    static Stream<Arguments> cases() {
        return Stream.of(new Int4(32), new Int8(96), new IntN(5, Grouping.CHANNEL))
                .map(Grouped.class::cast)
                .flatMap(layout -> Stream.of(ActivationBits.values())
                        .flatMap(bits -> Stream.of(1, 2, 5).map(threads -> Arguments.of(layout, bits, threads))));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void everyBitIsThatOfTheDefinition(Grouped layout, ActivationBits bits, int threads) {
        try (Kernels kernels = NativeMachine.kernels(Isa.AVX512_VNNI, bits, threads)) {
            for (int[] shape : SHAPES) {
                RandomMatrix m = RandomMatrix.of(layout, shape[0], shape[1], 21);
                Matrix w = new Matrix(layout, m.rows(), m.cols(), m.parts());
                float[] x = activations(200, m.cols());
                int most = m.rows() > 100 ? 10 : 200;
                float[] defined = NativeDefinition.product(m, x, most, bits);
                for (int tokens : TOKENS) {
                    if (tokens <= most) {
                        int n = tokens * m.rows();
                        float[] y = new float[n + BEHIND];
                        Arrays.fill(y, Float.NaN);
                        kernels.matmul(w, x, tokens, y);
                        String where = layout + " " + m.rows() + "x" + m.cols() + " " + tokens;
                        assertArrayEquals(Arrays.copyOf(defined, n), Arrays.copyOf(y, n), 0, where);
                        for (int i = n; i < y.length; i++) {
                            assertTrue(Float.isNaN(y[i]), where + ": written behind the outputs");
                        }
                    }
                }
            }
        }
    }

    /** In a token of a tile; the others of the same tile are what they would be without it. */
    @ParameterizedTest
    @EnumSource
    void unusualActivations(ActivationBits bits) {
        List<Float> odd = List.of(0f, -0f, 1e-45f, 0x1p-101f, 0x1p-99f, 1e38f, -65504f);
        List<Float> broken = List.of(Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY);
        Grouped layout = new Int4(Grouping.CHANNEL);
        RandomMatrix m = RandomMatrix.of(layout, 31, 100, 3);
        Matrix w = new Matrix(layout, 31, 100, m.parts());
        try (Kernels kernels = NativeMachine.kernels(Isa.AVX512_VNNI, bits, 1)) {
            for (float value : odd) {
                float[] x = new float[1000];
                x[40] = value;
                x[777] = value;
                float[] y = Multiplication.product(kernels, w, x, 10);
                assertArrayEquals(NativeDefinition.product(m, x, 10, bits), y, 0, "activation " + value);
            }
            for (float value : broken) {
                float[] x = activations(10, 100);
                float[] whole = Multiplication.product(kernels, w, x, 10);
                x[399] = value;
                float[] y = Multiplication.product(kernels, w, x, 10);
                for (int i = 0; i < y.length; i++) {
                    if (i / 31 == 3) {
                        assertFalse(Float.isFinite(y[i]), "row " + i % 31 + ", activation " + value);
                    } else {
                        assertEquals(whole[i], y[i], "token " + i / 31 + ", row " + i % 31);
                    }
                }
            }
        }
    }
}
