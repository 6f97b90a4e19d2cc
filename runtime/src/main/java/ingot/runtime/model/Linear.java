package ingot.runtime.model;

import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.Matrix;
import org.jspecify.annotations.Nullable;

/**
 * y = W x + b.
 *
 * @param bias [rows], if there is one
 */
record Linear(Matrix weight, float @Nullable [] bias) {
    /** x [tokens][cols] → y [tokens][rows]. */
    void apply(Kernels kernels, float[] x, int tokens, float[] y) {
        kernels.matmul(weight, x, tokens, y);
        addBias(kernels, tokens, y);
    }

    /** y [tokens][rows] += b, where there is one. */
    void addBias(Kernels kernels, int tokens, float[] y) {
        if (bias != null) {
            for (int t = 0; t < tokens; t++) {
                kernels.ops().add(bias, 0, y, t * rows(), rows());
            }
        }
    }

    int rows() {
        return weight.rows();
    }
}
