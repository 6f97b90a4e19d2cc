package ingot.tests.gptq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.quant.gptq.Drift;
import ingot.quant.gptq.Factor;
import ingot.quant.gptq.Order;
import ingot.quant.gptq.Units;
import ingot.runtime.kernel.Backend;
import ingot.runtime.kernel.Kernels;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The corrected target against its formula in f64, and against what it is for: the least squares of the outputs. */
final class DriftTest {
    private static final int ROWS = 67;

    @ParameterizedTest
    @CsvSource({
        "1, 0.5, false",
        "7, 1, true",
        "31, 0.25, false",
        "33, 1, false",
        "100, 1, true",
        "129, 1, false",
        "257, 0.25, true",
        "300, 1, false"
    })
    void target(int n, float strength, boolean residual) throws Factor.Impossible {
        int tokens = 3 * n + 5;
        float[] seen = Hessians.inputs(tokens, n, n);
        float[] wanted = seen.clone();
        SplittableRandom random = new SplittableRandom(n);
        for (int i = 0; i < wanted.length; i++) {
            // Some drift follows the inputs, which a matrix can make up for, and some does not.
            wanted[i] += (float) (0.1 * seen[i / n * n] + 0.05 * random.nextGaussian());
        }
        float[] w = Hessians.weights(ROWS * n, n);
        float[] h = Hessians.gram(seen, n);
        double[][] wide = Hessians.wide(h, n);
        double[][] cross = new double[n][n];
        float[] d = new float[n * n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                for (int t = 0; t < tokens; t++) {
                    cross[i][j] += ((double) wanted[t * n + i] - seen[t * n + i]) * seen[t * n + j];
                }
                d[i * n + j] = (float) cross[i][j];
            }
        }
        float[] r = residual ? Hessians.weights(ROWS * n, n + 1) : new float[0];
        int[] natural = IntStream.range(0, n).toArray();
        double[][] inverse = Textbook.inverse(Textbook.damped(wide, natural, Factor.DAMPING));
        for (Order.Kind kind : Order.Kind.values()) {
            float[] target;
            try (Kernels kernels = Kernels.create(Backend.AUTO, 0, 2)) {
                Factor factor = Factor.of(h.clone(), n, Units.of(32), kind, kernels.blas());
                target = new Drift(d, r, strength).target(w, ROWS, factor, kernels);
            }
            double moved = 0;
            double wrong = 0;
            for (int row = 0; row < ROWS; row++) {
                double[] product = new double[n];
                for (int j = 0; j < n; j++) {
                    product[j] = residual ? r[row * n + j] : 0;
                    for (int i = 0; i < n; i++) {
                        product[j] += w[row * n + i] * cross[i][j];
                    }
                }
                for (int k = 0; k < n; k++) {
                    double change = 0;
                    for (int j = 0; j < n; j++) {
                        change += strength * product[j] * inverse[j][k];
                    }
                    moved += change * change;
                    wrong += Math.pow(target[row * n + k] - w[row * n + k] - change, 2);
                }
            }
            assertTrue(wrong <= 1e-7 * moved, kind + ": relative error " + Math.sqrt(wrong / moved));
            if (residual) {
                continue;
            }
            double before = misses(w, w, wanted, seen, n);
            double after = misses(w, target, wanted, seen, n);
            assertTrue(after < before, "outputs miss by " + after + ", without correction by " + before);
        }
    }

    /** Σ‖W·x − W'·x̂‖². */
    private static double misses(float[] w, float[] target, float[] wanted, float[] seen, int n) {
        double total = 0;
        for (int t = 0; t < seen.length / n; t++) {
            for (int r = 0; r < ROWS; r++) {
                double miss = 0;
                for (int i = 0; i < n; i++) {
                    miss += (double) w[r * n + i] * wanted[t * n + i] - (double) target[r * n + i] * seen[t * n + i];
                }
                total += miss * miss;
            }
        }
        return total;
    }

    /** Without drift nothing changes. */
    @ParameterizedTest
    @CsvSource({"33", "200"})
    void none(int n) throws Factor.Impossible {
        float[] w = Hessians.weights(ROWS * n, 3);
        try (Kernels kernels = Kernels.create(Backend.AUTO, 0, 1)) {
            float[] h = Hessians.gram(Hessians.inputs(2 * n, n, 5), n);
            Factor factor = Factor.of(h, n, Units.of(32), Order.Kind.ACTIVATION, kernels.blas());
            float[] target = new Drift(new float[n * n], new float[0], 1).target(w, ROWS, factor, kernels);
            for (int i = 0; i < w.length; i++) {
                assertEquals(w[i], target[i]);
            }
        }
    }
}
