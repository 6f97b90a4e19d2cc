package ingot.quant;

import ingot.quant.calibration.LayerWeights;
import ingot.runtime.model.ModelGraph;
import ingot.runtime.model.WeightSpec;

/** Weights that calibration reads from a source. */
interface SourceWeights extends LayerWeights {
    /** What to say where {@link #anyCalibrated} is not so. */
    String NOTHING = "nothing to calibrate: every matrix of layers and head keeps its numbers";

    Source source();

    /** Whether calibration chooses anything. An embedding that is not the head too is rounded to nearest. */
    default boolean anyCalibrated() {
        ModelGraph graph = source().graph();
        return graph.weights().stream()
                .filter(w -> w.role() == WeightSpec.Role.LINEAR || w.equals(graph.head()))
                .anyMatch(this::calibrated);
    }

    /** What to do with weights that are not finite. */
    WeightReader.NonFinite policy();

    @Override
    default float[] read(WeightSpec spec) {
        return read(spec, 0, Math.toIntExact(spec.shape().rows()));
    }

    @Override
    default float[] read(WeightSpec spec, int firstRow, int rows) {
        int cols = Math.toIntExact(spec.shape().cols());
        float[] values = new float[Math.multiplyExact(rows, cols)];
        try (Source.Rows reader = source().rows(spec, policy())) {
            reader.read(firstRow, rows, values);
        }
        return values;
    }

    @Override
    default float[] gather(WeightSpec spec, int[] rows) {
        float[] values = new float[Math.multiplyExact(rows.length, spec.cols())];
        float[] row = new float[spec.cols()];
        try (Source.Rows reader = source().rows(spec, policy())) {
            for (int i = 0; i < rows.length; i++) {
                reader.read(rows[i], 1, row);
                System.arraycopy(row, 0, values, i * row.length, row.length);
            }
        }
        return values;
    }
}
