package ingot.tests.gptq;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.block.Nf4;
import ingot.quant.gptq.Factor;
import ingot.quant.gptq.Grid;
import ingot.quant.gptq.Order;
import ingot.quant.gptq.ScaleRule;
import ingot.quant.gptq.Scaling;
import ingot.quant.gptq.Sweep;
import ingot.quant.gptq.TableGrid;
import ingot.quant.gptq.UniformGrid;
import ingot.quant.gptq.Units;
import ingot.runtime.kernel.Backend;
import ingot.runtime.kernel.Kernels;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The sweep with given scales makes the decisions of {@link Textbook}, wherever those are not a toss-up. */
final class FeedbackTest {
    private static final int ROWS = 5;

    /** Two passes of descent follow the sweep. */
    private static final int DESCENTS = 2;

    /** Decisions nearer to a tie than this, in levels, may fall otherwise in f32. */
    private static final double TIE = 1e-4;

    private static final double[] INT4 = {-8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7};

    @ParameterizedTest
    @CsvSource({
        "1, 32",
        "7, 32",
        "31, 32",
        "33, 32",
        "100, 32",
        "257, 32",
        "33, 64",
        "100, 64",
        "257, 64",
        "257, 128",
        "31, 999",
        "100, 999",
        "257, 999",
        "257, 288",
        "330, 288",
        "330, 320",
        "600, 32",
        "1100, 288"
    })
    void decidesAsTheTextbook(int n, int group) throws Factor.Impossible {
        UniformGrid integers = new UniformGrid(-8, 7, true);
        float[] nf4 = Nf4.values();
        double[] table = new double[nf4.length];
        Arrays.setAll(table, i -> nf4[i]);
        int checked = 0;
        double expected = 0;
        for (Order.Kind kind : Order.Kind.values()) {
            checked += check(n, group, kind, integers, INT4, 2 * n + 5);
            expected += ROWS * beyondDoubt(n, INT4);
            if (n < 257) {
                checked += check(n, group, kind, new TableGrid(nf4, false), table, 2 * n + 5);
                expected += ROWS * beyondDoubt(n, table);
            }
            if (n <= 330) {
                // Fewer tokens than columns: nothing but λ keeps H from being singular.
                checked += check(n, group, kind, integers, INT4, n / 3 + 1);
                expected += ROWS * beyondDoubt(n, INT4);
            }
        }
        assertTrue(
                checked >= 0.8 * expected - 2,
                checked + " rows were beyond doubt, and " + expected + " could be expected to be");
    }

    /** The chance that none of a row's decisions lies so near to a tie, if they fall evenly over the grid. */
    private static double beyondDoubt(int n, double[] levels) {
        double ties = (levels.length - 1) / (levels[levels.length - 1] - levels[0]);
        return Math.pow(1 - 2 * TIE * ties, (1 + DESCENTS) * n);
    }

    /** @return rows without a decision that is a toss-up */
    private static int check(int n, int group, Order.Kind kind, Grid grid, double[] levels, int tokens)
            throws Factor.Impossible {
        float[] h = Hessians.gram(Hessians.inputs(tokens, n, n), n);
        double[][] wide = Hessians.wide(h, n);
        float[] w = Hessians.weights(ROWS * n, group);
        int groups = Math.ceilDiv(n, group);
        float[] scales = scales(w, n, group, levels);
        ScaleRule given = (row, g, wanted) -> Scaling.of(scales[row * groups + g]);
        Sweep.Rows rows;
        try (Kernels kernels = Kernels.create(Backend.AUTO, 0, 1)) {
            Factor factor = Factor.of(h.clone(), n, Units.of(group), kind, kernels.blas());
            assertEquals(Factor.DAMPING, factor.damping());
            rows = new Sweep(factor, grid, given, group, kernels).round(w, 0, ROWS);
        }
        assertArrayEquals(scales, rows.scales());
        int[] order = kind == Order.Kind.NATURAL
                ? Textbook.naturalOrder(n)
                : Textbook.activationOrder(wide, Units.of(group).unit());
        double[][] damped = Textbook.damped(wide, order, Factor.DAMPING);
        double[][] upper = Textbook.upper(Textbook.inverse(damped));
        double total = 0;
        int clear = 0;
        for (int r = 0; r < ROWS; r++) {
            double[] row = new double[n];
            double[] scale = new double[n];
            double[] error = new double[n];
            for (int k = 0; k < n; k++) {
                row[k] = w[r * n + order[k]];
                scale[k] = scales[r * groups + order[k] / group];
                error[k] = row[k] - rows.stored()[r * n + order[k]];
            }
            double energy = Textbook.energy(damped, error);
            total += energy;
            Textbook.Rounder rounder = new Textbook.Rounder(levels);
            double[] expected = Textbook.gptq(upper, row, scale, rounder);
            double[] swept = expected.clone();
            for (int pass = 0; pass < DESCENTS; pass++) {
                Textbook.descend(damped, row, scale, expected, rounder);
            }
            if (rounder.margin < TIE) {
                continue;
            }
            clear++;
            if (n < 512 || clear == 1) {
                // It factors the Hessian again for every row.
                double[] ldlq = Textbook.ldlq(damped, row, scale, new Textbook.Rounder(levels));
                assertArrayEquals(swept, ldlq, "the two textbooks agree");
            }
            for (int k = 0; k < n; k++) {
                String where = kind + " row " + r + " place " + k + " of " + n;
                float level = (float) expected[k];
                assertEquals(level * (float) scale[k], rows.stored()[r * n + order[k]], where);
                assertEquals(grid.code(level), rows.codes()[r * n + order[k]], where);
                error[k] = row[k] - swept[k] * scale[k];
            }
            assertTrue(energy <= Textbook.energy(damped, error) * (1 + 1e-6), "descent raised the error");
        }
        assertEquals(total, Arrays.stream(rows.errors()).sum(), 1e-4 * total, "reported error");
        return clear;
    }

    /** So that the largest weights of a group are clipped a little. */
    private static float[] scales(float[] w, int n, int group, double[] levels) {
        int groups = Math.ceilDiv(n, group);
        float[] scales = new float[ROWS * groups];
        for (int i = 0; i < w.length; i++) {
            int at = i / n * groups + i % n / group;
            scales[at] = Math.max(scales[at], Math.abs(w[i]) * 0.9f / (float) levels[levels.length - 1]);
        }
        return scales;
    }
}
