package ingot.runtime.model;

import ingot.runtime.kernel.Kernels;
import java.util.function.IntConsumer;

/** x · w ÷ √(mean(x²) + ε) (Zhang, Sennrich 2019) over rows. One per decoder and place, as it keeps its operands. */
final class RmsNorm {
    private final Kernels kernels;
    private final float[] weight;
    private final float epsilon;
    private final IntConsumer row = this::row;
    private float[] input = {};
    private float[] output = {};

    RmsNorm(Kernels kernels, float[] weight, double epsilon) {
        this.kernels = kernels;
        this.weight = weight;
        this.epsilon = (float) epsilon;
    }

    /** x [tokens][n] → out [tokens][n], n = length of the weight. */
    void apply(float[] x, int tokens, float[] out) {
        input = x;
        output = out;
        kernels.parallel(tokens, row);
    }

    /** One row in place, on the calling thread. */
    void applyInPlace(float[] x, int at) {
        kernels.ops().rmsNorm(x, at, weight, epsilon, x, at);
    }

    /** One row, on the calling thread. */
    void apply(float[] x, int at, float[] out, int outAt) {
        kernels.ops().rmsNorm(x, at, weight, epsilon, out, outAt);
    }

    private void row(int t) {
        int at = t * weight.length;
        kernels.ops().rmsNorm(input, at, weight, epsilon, output, at);
    }
}
