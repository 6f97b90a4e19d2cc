package ingot.tests.gptq;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.gguf.BlockNumbers;
import ingot.formats.gguf.GgmlType;
import ingot.formats.gguf.PackedBlock;
import ingot.quant.gptq.Factor;
import ingot.quant.gptq.MatrixQuantizer;
import ingot.quant.gptq.Order;
import ingot.quant.gptq.Rounded;
import ingot.quant.gptq.Target;
import ingot.quant.grid.BlockScheme;
import ingot.quant.scheme.MatrixSource;
import ingot.runtime.kernel.Backend;
import ingot.runtime.kernel.Kernels;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Error feedback on the grid of every GGUF block type. The scales are Ingot's choice; with these, every code is the decision
 * of {@link Textbook}. Blocks are taken apart by what reads ggml's own blocks right ({@code BlockPackingTest}).
 */
final class GgufBlocksTest {
    private static final int ROWS = 5;

    /** Two passes of descent follow the sweep. */
    private static final int DESCENTS = 2;

    /** Decisions nearer to a tie than this, in levels, may fall otherwise in f32. */
    private static final double TIE = 2e-4;

    static List<GgmlType> types() {
        return Stream.of(GgmlType.values()).filter(t -> t.packed().isPresent()).toList();
    }

    /** Inputs [tokens][n]: more tokens than columns, fewer, or columns that are nearly the same. */
    private enum Inputs {
        MANY,
        RANK_DEFICIENT,
        NEARLY_EQUAL_COLUMNS;

        float[] of(int n) {
            float[] x = Hessians.inputs(this == RANK_DEFICIENT ? n / 3 : 2 * n + 5, n, n);
            if (this == NEARLY_EQUAL_COLUMNS) {
                for (int i = 0; i + 1 < x.length; i += 2) {
                    x[i + 1] = x[i] * (1 + 1e-3f * (i % 7));
                }
            }
            return x;
        }
    }

    private static Rounded round(float[] w, int n, GgmlType type, float[] h, Order.Kind order, Kernels kernels)
            throws Factor.Impossible {
        Target target = new Target.Blocks(type);
        Factor factor = Factor.of(h.clone(), n, target.units(n), order, kernels.blas());
        return new MatrixQuantizer(kernels).round(w, w.length / n, n, target, factor);
    }

    private static Rounded round(float[] w, int n, GgmlType type, float[] h) throws Factor.Impossible {
        try (Kernels kernels = Kernels.create(Backend.AUTO, 0, 1)) {
            return round(w, n, type, h, Order.Kind.ACTIVATION, kernels);
        }
    }

    private static byte[] bytes(Rounded rounded) {
        assertEquals(1, rounded.parts().size());
        return rounded.parts().getFirst().toArray(ValueLayout.JAVA_BYTE);
    }

    private static float[] dequantize(byte[] bytes, GgmlType type, int weights) {
        PackedBlock block = type.packed().orElseThrow();
        float[] out = new float[weights];
        for (int at = 0; at < weights; at += block.weights()) {
            block.dequantize(bytes, at / block.weights() * block.bytes(), out, at);
        }
        return out;
    }

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

    /** What a row's weights are made of, by column. */
    @SuppressWarnings("ArrayRecordComponent") // results, never compared
    private record Row(double[] levels, double[] scales, double[] offsets) {
        static Row of(byte[] bytes, GgmlType type, int row, int n) {
            PackedBlock block = type.packed().orElseThrow();
            BlockNumbers numbers = block.numbers();
            Row out = new Row(new double[n], new double[n], new double[n]);
            int size = block.weights() / block.groups();
            for (int i = 0; i < n; i++) {
                int b = (row * n + i) / block.weights();
                block.unpack(bytes, b * block.bytes(), numbers);
                int g = i % block.weights() / size;
                double d = Float.float16ToFloat(numbers.d());
                double m = Float.float16ToFloat(numbers.m());
                out.levels[i] = block.value(numbers.codes()[i % block.weights()]);
                out.scales[i] = numbers.scales().length > 0 ? d * numbers.scales()[g] : d;
                out.offsets[i] = numbers.mins().length > 0 ? -m * numbers.mins()[g] : m;
            }
            return out;
        }
    }

    /** Columns in the order of rounding: superblocks that matter most first, in them groups, in these columns. */
    private static int[] order(double[][] h, int group, int span, Order.Kind kind) {
        int n = h.length;
        if (kind == Order.Kind.NATURAL) {
            return Textbook.naturalOrder(n);
        }
        double[] ofGroup = new double[n / group];
        double[] ofSpan = new double[n / span];
        Integer[] columns = new Integer[n];
        for (int i = 0; i < n; i++) {
            ofGroup[i / group] += h[i][i];
            ofSpan[i / span] += h[i][i];
            columns[i] = i;
        }
        Arrays.sort(
                columns,
                Comparator.comparingDouble((Integer c) -> -ofSpan[c / span])
                        .thenComparingDouble(c -> -ofGroup[c / group])
                        .thenComparingDouble(c -> -h[c][c]));
        return Arrays.stream(columns).mapToInt(c -> c).toArray();
    }

    @ParameterizedTest
    @MethodSource("types")
    void decidesAsTheTextbook(GgmlType type) throws Factor.Impossible {
        PackedBlock block = type.packed().orElseThrow();
        double[] levels = new double[block.highest() - block.lowest() + 1];
        Arrays.setAll(levels, i -> block.value(block.lowest() + i));
        if (type == GgmlType.Q8_0) {
            levels = Arrays.copyOfRange(levels, 1, levels.length); // −128 is not used
        }
        int checked = 0;
        int all = 0;
        for (Inputs inputs : Inputs.values()) {
            for (Order.Kind kind : Order.Kind.values()) {
                for (int n : block.weights() == 32 ? new int[] {32, 96, 160} : new int[] {256, 512}) {
                    all += ROWS;
                    checked += check(type, n, inputs.of(n), kind, levels);
                }
            }
        }
        // Wider than the blocks in which descent takes the columns.
        int wide = block.weights() == 32 ? 544 : 768;
        for (Inputs inputs : List.of(Inputs.MANY, Inputs.RANK_DEFICIENT)) {
            all += ROWS;
            checked += check(type, wide, inputs.of(wide), Order.Kind.ACTIVATION, levels);
        }
        assertTrue(checked * 4 > all, "of " + all + " rows " + checked + " were beyond doubt");
    }

    /** @return rows without a decision that is a toss-up */
    private static int check(GgmlType type, int n, float[] x, Order.Kind kind, double[] levels)
            throws Factor.Impossible {
        PackedBlock block = type.packed().orElseThrow();
        float[] gram = Hessians.gram(x, n);
        double[][] wide = Hessians.wide(gram, n);
        float[] w = Hessians.weights(ROWS * n, n + type.id());
        Rounded rounded;
        try (Kernels kernels = Kernels.create(Backend.AUTO, 0, 1)) {
            rounded = round(w, n, type, gram, kind, kernels);
        }
        int[] order = order(wide, block.weights() / block.groups(), block.weights(), kind);
        double[][] damped = Textbook.damped(wide, order, Factor.DAMPING);
        double[][] upper = Textbook.upper(Textbook.inverse(damped));
        double total = 0;
        int clear = 0;
        for (int r = 0; r < ROWS; r++) {
            Row row = Row.of(bytes(rounded), type, r, n);
            double[] weights = new double[n];
            double[] scales = new double[n];
            double[] error = new double[n];
            for (int k = 0; k < n; k++) {
                // An offset moves the weights: errors stay what they are.
                weights[k] = w[r * n + order[k]] - row.offsets()[order[k]];
                scales[k] = row.scales()[order[k]];
                error[k] = w[r * n + order[k]] - rounded.stored()[r * n + order[k]];
            }
            total += Textbook.energy(damped, error);
            Textbook.Rounder rounder = new Textbook.Rounder(levels);
            double[] expected = Textbook.gptq(upper, weights, scales, rounder);
            for (int pass = 0; pass < DESCENTS; pass++) {
                Textbook.descend(damped, weights, scales, expected, rounder);
            }
            if (rounder.margin < TIE) {
                continue;
            }
            clear++;
            for (int k = 0; k < n; k++) {
                assertEquals(
                        expected[k],
                        row.levels()[order[k]],
                        type + " " + kind + " row " + r + " place " + k + " of " + n);
            }
        }
        assertEquals(total, rounded.error().weighted(), 1e-3 * total, type + ": reported error");
        return clear;
    }

    private static double weighted(double[][] h, float[] w, float[] stored) {
        int n = h.length;
        double total = 0;
        for (int at = 0; at < w.length; at += n) {
            double[] e = new double[n];
            for (int k = 0; k < n; k++) {
                e[k] = (double) w[at + k] - stored[at + k];
            }
            total += Textbook.energy(h, e);
        }
        return total;
    }

    @ParameterizedTest
    @MethodSource("types")
    void storesWhatItSaysAndBeatsRoundToNearest(GgmlType type) throws Factor.Impossible {
        double gain = 0;
        int count = 0;
        for (Inputs inputs : Inputs.values()) {
            for (int rows : new int[] {1, 7, 33}) {
                int n = type.blockWeights() == 32 ? 32 * (1 + rows % 4) : 256;
                float[] w = Hessians.weights(rows * n, rows);
                float[] h = Hessians.gram(inputs.of(n), n);
                String where = type + " " + inputs + " " + rows + "x" + n;
                Rounded rounded = round(w, n, type, h);
                assertStored(rounded, type, where);
                double[][] damped = Textbook.damped(Hessians.wide(h, n), Textbook.naturalOrder(n), Factor.DAMPING);
                // In the order of columns reversed, as the damped matrix is.
                double error = weighted(damped, reversed(w, n), reversed(rounded.stored(), n));
                double before = weighted(damped, reversed(w, n), reversed(nearest(w, n, type), n));
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
    @MethodSource("types")
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
    @MethodSource("types")
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
    @MethodSource("types")
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
