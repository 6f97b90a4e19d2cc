package ingot.quant.calibration;

import ingot.runtime.model.StagedLayer;
import ingot.runtime.model.WeightSpec;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is done at each place of a layer where matrices read the same input. */
interface Visit {
    /** Whether {@link #matrices} looks at what passed on its way to these; gathering it takes time and memory. */
    boolean wantsHessian(List<WeightSpec> specs);

    /**
     * The input of some matrices has passed. Has to put every one of them in its place in the layer.
     *
     * @param moments of the input, consumed; null when it is not to be trusted
     * @param note why not
     */
    void matrices(List<WeightSpec> specs, @Nullable Moments moments, String note, StagedLayer layer);

    /** What the feed-forward part reads has passed, before any of its matrices; x [tokens][hidden]. */
    default void feedInput(float[] x, int tokens) {}

    /** Tokens go to the experts of a layer: how many to each. Not called for a layer without. */
    default void routed(int[] tokens) {}
}
