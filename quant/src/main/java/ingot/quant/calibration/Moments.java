package ingot.quant.calibration;

import ingot.quant.gptq.Drift;
import ingot.runtime.kernel.Kernels;
import java.util.List;
import java.util.Optional;

/**
 * What passed a place of a layer.
 *
 * @param h Σ x·xᵀ [n][n], lower triangle; of no length where it is not wanted
 * @param d Σ (x' − x)·xᵀ [n][n], x' being the input that the full-precision model has there; of no length without one
 */
@SuppressWarnings("ArrayRecordComponent") // accumulators, never compared
record Moments(float[] h, float[] d) {
    /** @param streams 2 where a full-precision one runs beside, else 1 */
    static Moments of(int n, boolean wanted, int streams) {
        return new Moments(Site.hessian(wanted ? n : 0), Site.hessian(wanted && streams > 1 ? n : 0));
    }

    /**
     * Adds tokens.
     *
     * @param x of every stream, [tokens][n] each; that of the second is overwritten
     */
    void add(List<float[]> x, int tokens, int n, Kernels kernels) {
        if (h.length == 0) {
            return;
        }
        float[] seen = x.getFirst();
        kernels.blas().gram(seen, tokens, n, h);
        if (d.length > 0) {
            float[] apart = x.getLast();
            for (int i = 0; i < tokens * n; i++) {
                apart[i] -= seen[i];
            }
            kernels.blas().cross(apart, seen, tokens, n, d);
        }
    }

    /** The drift to make up for, if it is known. */
    Optional<Drift> drift(float strength) {
        return d.length == 0 ? Optional.empty() : Optional.of(new Drift(d, strength));
    }
}
