package ingot.quant.calibration;

import ingot.formats.IngotException;
import ingot.runtime.model.ModelGraph;
import ingot.runtime.model.WeightSpec;

/** Looks through the weights before the first layer is calibrated: what cannot be stored at the end is refused at once. */
final class Storable {
    private final ModelGraph graph;
    private final LayerWeights weights;

    Storable(ModelGraph graph, LayerWeights weights) {
        this.graph = graph;
        this.weights = weights;
    }

    /**
     * Reads every matrix once.
     *
     * @throws IngotException.BadData for the first one that is not finite, or whose scales its type cannot hold
     */
    void require() {
        for (WeightSpec spec : graph.weights()) {
            switch (spec.role()) {
                // As a whole, as calibration reads it.
                case LINEAR -> require(spec, 0, spec.rows());
                case EMBEDDING, HEAD -> {
                    for (int first = 0; first < spec.rows(); first += Site.HEAD_ROWS) {
                        require(spec, first, Math.min(Site.HEAD_ROWS, spec.rows() - first));
                    }
                }
                default -> {}
            }
        }
    }

    private void require(WeightSpec spec, int first, int count) {
        float[] rows = weights.read(spec, first, count);
        float most = weights.target(spec).most();
        for (float x : rows) {
            if (Math.abs(x) > most) {
                // Names the tensor and what to do, where even rounding to nearest cannot store it.
                weights.plain(spec, rows);
                return;
            }
        }
    }
}
