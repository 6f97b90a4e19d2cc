package ingot.quant.calibration;

import ingot.runtime.model.StagedLayer;
import ingot.runtime.model.WeightSpec;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Leaves a layer as it is in the source. */
record SourceVisit(LayerWeights weights) implements Visit {
    @Override
    public boolean wantsHessian(List<WeightSpec> specs) {
        return false;
    }

    @Override
    public void matrices(List<WeightSpec> specs, @Nullable Moments moments, String note, StagedLayer layer) {
        specs.forEach(spec -> layer.put(spec, weights.read(spec)));
    }
}
