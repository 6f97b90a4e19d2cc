package ingot.tests.gptq;

import static ingot.tests.gptq.GgufRounding.bytes;
import static ingot.tests.gptq.GgufRounding.round;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.gguf.BlockNumbers;
import ingot.formats.gguf.GgmlType;
import ingot.formats.gguf.PackedBlock;
import ingot.quant.gptq.Factor;
import ingot.quant.gptq.Order;
import ingot.quant.gptq.Rounded;
import ingot.runtime.kernel.Backend;
import ingot.runtime.kernel.Kernels;
import ingot.tests.gptq.GgufRounding.Inputs;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Error feedback on the grid of every GGUF block type. The scales are Ingot's choice; with these, every code is the decision
 * of {@link Textbook}. Blocks are taken apart by what reads ggml's own blocks right ({@code BlockPackingTest}).
 */
final class GgufDecisionsTest {
    private static final int ROWS = 5;

    /** Two passes of descent follow the sweep. */
    private static final int DESCENTS = 2;

    /** Decisions nearer to a tie than this, in levels, may fall otherwise in f32. */
    private static final double TIE = 2e-4;

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
    @MethodSource("ingot.tests.gptq.GgufRounding#types")
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
}
