package ingot.tests.kernel;

import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.Matrix;
import java.util.Random;

/** Products of a matrix with some tokens. */
final class Multiplication {
    private Multiplication() {}

    /** Normal activations, [tokens][cols]; the same at every call. */
    static float[] activations(int tokens, int cols) {
        Random random = new Random(9);
        float[] x = new float[tokens * cols];
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) random.nextGaussian();
        }
        return x;
    }

    /** W·x of every token, [tokens][rows]. */
    static float[] product(Kernels kernels, Matrix w, float[] x, int tokens) {
        float[] y = new float[tokens * w.rows()];
        kernels.matmul(w, x, tokens, y);
        return y;
    }
}
