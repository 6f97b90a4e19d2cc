package ingot.tests.kernel;

import static ingot.tests.kernel.Multiplication.activations;
import static ingot.tests.kernel.Multiplication.product;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.block.Dense;
import ingot.formats.block.Grouped;
import ingot.formats.block.Int4;
import ingot.formats.block.Int8;
import ingot.formats.block.IntN;
import ingot.formats.block.Iq4;
import ingot.formats.block.Layout;
import ingot.formats.block.Nf4;
import ingot.runtime.kernel.Backend;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.Matrix;
import ingot.runtime.kernel.nativecode.NativeSupport;
import ingot.tests.block.RandomMatrix;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Products of every layout, backend and width against sums in double over the decoded weights. */
class MatmulTest {
    static final List<Layout> LAYOUTS = RandomMatrix.LAYOUTS;
    private static final int[][] SHAPES = {
        {1, 1}, {7, 31}, {31, 33}, {33, 100}, {100, 7}, {16, 896}, {896, 100}, {50, 1100}, {17, 256}
    };
    private static final int[] TOKENS = {1, 2, 5, 6, 7, 33};
    private static final double EPSILON = 0x1p-24;

    @ParameterizedTest
    @FieldSource("LAYOUTS")
    void outputsKeepTheWrittenBound(Layout layout) {
        try (Kernels scalar = Kernels.create(Backend.SCALAR, 0, 2);
                Kernels v128 = Kernels.create(Backend.VECTOR, 128, 2);
                Kernels v256 = Kernels.create(Backend.VECTOR, 256, 2);
                Kernels v512 = Kernels.create(Backend.VECTOR, 512, 2);
                Kernels preferred = Kernels.create(Backend.VECTOR, 0, 2);
                Kernels fastest = Kernels.create(fastest(), 0, 2)) {
            for (int[] shape : SHAPES) {
                RandomMatrix m = RandomMatrix.of(layout, shape[0], shape[1], 11);
                Matrix w = new Matrix(layout, m.rows(), m.cols(), m.parts());
                float[] x = activations(33, m.cols());
                List<Kernels> all = new ArrayList<>(List.of(scalar, v128, v256, v512, preferred));
                if (!(layout instanceof Grouped)) {
                    all.add(fastest); // Integer codes: NativeMatmulTest.
                }
                for (Kernels k : all) {
                    for (int tokens : TOKENS) {
                        check(k, w, x, tokens);
                    }
                }
            }
        }
    }

    private static Backend fastest() {
        return NativeSupport.probe() instanceof NativeSupport.Ready ? Backend.NATIVE : Backend.PORTABLE;
    }

    private static void check(Kernels kernels, Matrix w, float[] x, int tokens) {
        float[] y = new float[tokens * w.rows()];
        Arrays.fill(y, Float.NaN);
        kernels.matmul(w, x, tokens, y);
        float[] row = new float[w.cols()];
        double noise = 0;
        double signal = 0;
        for (int r = 0; r < w.rows(); r++) {
            w.decodeRow(r, row, 0);
            for (int t = 0; t < tokens; t++) {
                double exact = 0;
                double magnitude = 0;
                for (int k = 0; k < w.cols(); k++) {
                    double product = (double) row[k] * x[t * w.cols() + k];
                    exact += product;
                    signal += product * product;
                    magnitude += summed(w.layout(), row[k]) * Math.abs(x[t * w.cols() + k]);
                }
                noise += (y[t * w.rows() + r] - exact) * (y[t * w.rows() + r] - exact);
                assertEquals(
                        exact,
                        y[t * w.rows() + r],
                        (w.cols() + 2) * EPSILON * magnitude,
                        () -> kernels.label() + " " + w.layout() + " " + w.rows() + "x" + w.cols() + " " + tokens);
            }
        }
        // The bound is for the worst case. Roundings mostly cancel, so that their variance grows with the columns; one
        // wrong
        // weight would show here. The signal is what random signs would give, free of accidental cancellation.
        double nmse = noise / signal;
        assertTrue(
                nmse < 1e-12 * (100 + w.cols()),
                () -> nmse + " " + kernels.label() + " " + w.layout() + " " + w.cols());
    }

    /** Upper bound of what a kernel sums for a weight: integers as unsigned codes and bias; scales are below 1/64. */
    private static double summed(Layout layout, float weight) {
        return switch (layout) {
            case Dense d -> Math.abs(weight);
            case Nf4 n -> Math.abs(weight);
            case Iq4 i -> Math.abs(weight);
            case Int8 i -> Math.abs(weight) + 256 / 64.0;
            case Int4 i -> Math.abs(weight) + 16 / 64.0;
            case IntN(int bits, int group) -> Math.abs(weight) + (1 << bits) / 64.0;
        };
    }

    @ParameterizedTest
    @FieldSource("LAYOUTS")
    void threadsAndCompanyChangeNoBit(Layout layout) {
        RandomMatrix m = RandomMatrix.of(layout, 333, 420, 12);
        Matrix w = new Matrix(layout, m.rows(), m.cols(), m.parts());
        float[] x = activations(33, m.cols());
        for (int bits : new int[] {0, 128, 256, 512, -1}) {
            Backend backend = bits < 0 ? Backend.SCALAR : Backend.VECTOR;
            try (Kernels one = Kernels.create(backend, Math.max(0, bits), 1);
                    Kernels two = Kernels.create(backend, Math.max(0, bits), 2);
                    Kernels five = Kernels.create(backend, Math.max(0, bits), 5)) {
                float[] expected = product(one, w, x, 33);
                float[] decode = product(one, w, x, 1);
                for (Kernels k : List.of(one, two, five)) {
                    assertArrayEquals(expected, product(k, w, x, 33), 0, k.label());
                    assertArrayEquals(decode, product(k, w, x, 1), 0, k.label());
                    for (int tokens : new int[] {2, 5, 7}) {
                        float[] few = product(k, w, x, tokens);
                        assertArrayEquals(Arrays.copyOf(expected, few.length), few, 0, k.label());
                    }
                }
                if (backend == Backend.SCALAR) {
                    assertArrayEquals(decode, Arrays.copyOf(expected, decode.length), 0);
                }
            }
        }
    }

    @Test
    void longRowsWithLargeGroupsKeepTheBound() {
        for (Layout layout : List.of(
                new Int8(0),
                new Int4(0),
                new Int8(65536),
                new Int4(96),
                new IntN(3, 0),
                new IntN(6, 96),
                new Iq4(96))) {
            RandomMatrix m = RandomMatrix.of(layout, 2, 300_001, 16);
            Matrix w = new Matrix(layout, m.rows(), m.cols(), m.parts());
            float[] x = activations(2, m.cols());
            try (Kernels k = Kernels.create(Backend.VECTOR, 0, 1)) {
                check(k, w, x, 1);
                check(k, w, x, 2);
            }
        }
    }

    @Test
    void blockLayoutsGiveTheSameBitsAtEveryWidth() {
        for (Layout layout : List.of(
                new Int4(32),
                new Int8(32),
                new IntN(3, 32),
                new IntN(5, 64),
                new IntN(6, 32),
                new Iq4(32),
                new Nf4(false),
                new Nf4(true))) {
            RandomMatrix m = RandomMatrix.of(layout, 77, 420, 13);
            Matrix w = new Matrix(layout, m.rows(), m.cols(), m.parts());
            float[] x = activations(7, m.cols());
            try (Kernels v128 = Kernels.create(Backend.VECTOR, 128, 1);
                    Kernels v256 = Kernels.create(Backend.VECTOR, 256, 1);
                    Kernels v512 = Kernels.create(Backend.VECTOR, 512, 1)) {
                for (int tokens : new int[] {1, 7}) {
                    float[] expected = product(v128, w, x, tokens);
                    assertArrayEquals(expected, product(v256, w, x, tokens), 0);
                    assertArrayEquals(expected, product(v512, w, x, tokens), 0);
                }
            }
        }
    }

    @Test
    void weightsOnTheHeapWorkToo() {
        for (Layout layout : LAYOUTS) {
            RandomMatrix m = RandomMatrix.of(layout, 31, 100, 14);
            List<MemorySegment> heap = m.parts().stream()
                    .map(p -> MemorySegment.ofArray(p.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE)))
                    .toList();
            float[] x = activations(6, 100);
            try (Kernels k = Kernels.create(Backend.PORTABLE, 0, 1);
                    Kernels fastest = Kernels.create(fastest(), 0, 1)) {
                for (int tokens : new int[] {1, 6}) {
                    float[] expected = product(k, new Matrix(layout, 31, 100, m.parts()), x, tokens);
                    assertArrayEquals(expected, product(k, new Matrix(layout, 31, 100, heap), x, tokens), 0);
                    // The native backend leaves them to the vector backend.
                    assertArrayEquals(expected, product(fastest, new Matrix(layout, 31, 100, heap), x, tokens), 0);
                }
            }
        }
    }

    @Test
    void wrongArgumentsAreRefused() {
        RandomMatrix m = RandomMatrix.of(new Int4(32), 31, 100, 15);
        Matrix w = new Matrix(m.layout(), 31, 100, m.parts());
        assertThrows(IngotException.BadData.class, () -> new Matrix(m.layout(), 33, 100, m.parts()));
        assertThrows(
                IngotException.BadData.class,
                () -> new Matrix(m.layout(), 31, 100, m.parts().subList(0, 1)));
        assertThrows(IngotException.Usage.class, () -> Kernels.create(Backend.VECTOR, 64, 1));
        assertThrows(IngotException.Usage.class, () -> Kernels.create(Backend.SCALAR, 0, -1));
        try (Kernels k = Kernels.create(Backend.PORTABLE, 0, 0)) {
            assertTrue(k.threads() >= 1);
            assertTrue(k.label().matches("vector-.+"), k.label());
            assertThrows(IllegalArgumentException.class, () -> k.matmul(w, new float[99], 1, new float[31]));
            assertThrows(IllegalArgumentException.class, () -> k.matmul(w, new float[100], 1, new float[30]));
        }
    }
}
