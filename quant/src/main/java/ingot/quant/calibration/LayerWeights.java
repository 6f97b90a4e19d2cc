package ingot.quant.calibration;

import ingot.quant.gptq.Rounded;
import ingot.quant.gptq.Target;
import ingot.runtime.model.WeightSpec;

/** The weights to calibrate, and how each is to be stored. */
public interface LayerWeights {
    /** The source weights as f32, row-major; a new array. */
    float[] read(WeightSpec spec);

    /** Rows of a matrix, alike. */
    float[] read(WeightSpec spec, int firstRow, int rows);

    /** Single rows of a matrix, alike, one behind the other. */
    float[] gather(WeightSpec spec, int[] rows);

    /** What a weight is to be stored as. */
    Target target(WeightSpec spec);

    /** Whether calibration chooses the codes: the target has scales, and the codes do not come with the source. */
    boolean calibrated(WeightSpec spec);

    /** Stores rows of a weight without calibration, each number by itself; without parts what comes quantized already. */
    Rounded plain(WeightSpec spec, float[] rows);

    /** Stores rows of a matrix as any target has them, each number by itself. */
    Rounded plain(WeightSpec spec, Target target, float[] rows);

    /**
     * Stores rows of a weight, each number by itself.
     *
     * @param importance what an error in each column counts, ≥ 0
     */
    Rounded weighted(WeightSpec spec, float[] rows, float[] importance);
}
