package ingot.quant.calibration;

import ingot.runtime.model.StagedLayer;
import ingot.runtime.model.WeightSpec;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is done at each place of a layer where matrices read the same input. */
interface Visit {
    /** Whether {@link #matrices} looks at Hessians; gathering them takes time. */
    boolean wantsHessian();

    /**
     * The input of some matrices has passed. Has to put every one of them in its place in the layer.
     *
     * @param h Σ x·xᵀ [n][n], lower triangle; consumed. Of no length where none is wanted; null when the input is not
     *     to be trusted
     * @param note why not
     */
    void matrices(List<WeightSpec> specs, float @Nullable [] h, String note, StagedLayer layer);

    /** Tokens go to the experts of a layer: how many to each. Not called for a layer without. */
    default void routed(int[] tokens) {}
}
