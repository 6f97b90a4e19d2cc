package ingot.tests.gptq;

import java.util.Arrays;
import java.util.SplittableRandom;

/** Hessians of made-up inputs, and weights for them. */
final class Hessians {
    private Hessians() {}

    /** Inputs x [tokens][n] of neighbouring columns that are correlated and of unequal strength. */
    static float[] inputs(int tokens, int n, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double[] strength = new double[n];
        Arrays.setAll(strength, i -> Math.exp(random.nextGaussian()));
        float[] x = new float[tokens * n];
        for (int t = 0; t < tokens; t++) {
            double before = random.nextGaussian();
            double common = random.nextGaussian();
            for (int i = 0; i < n; i++) {
                before = 0.7 * before + 0.7 * random.nextGaussian();
                x[t * n + i] = (float) (strength[i] * (before + 0.5 * common));
            }
        }
        return x;
    }

    /** Σ x·xᵀ, both triangles, as f32 holds it. */
    static float[] gram(float[] x, int n) {
        int tokens = x.length / n;
        float[] h = new float[n * n];
        double[] sum = new double[n];
        for (int i = 0; i < n; i++) {
            Arrays.fill(sum, 0);
            for (int t = 0; t < tokens; t++) {
                double xi = x[t * n + i];
                for (int j = 0; j < n; j++) {
                    sum[j] += xi * x[t * n + j];
                }
            }
            for (int j = 0; j < n; j++) {
                h[i * n + j] = (float) sum[j];
            }
        }
        return h;
    }

    static double[][] wide(float[] h, int n) {
        double[][] wide = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                wide[i][j] = h[i * n + j];
            }
        }
        return wide;
    }

    static float[] weights(int count, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] w = new float[count];
        for (int i = 0; i < count; i++) {
            w[i] = (float) (0.05 * random.nextGaussian());
        }
        return w;
    }
}
