package ingot.quant.calibration;

import ingot.formats.block.Layout;
import ingot.quant.gptq.Rounded;
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
    Layout layout(WeightSpec spec);

    /** Whether error feedback chooses the codes: the layout has scales, and the codes do not come with the source. */
    boolean calibrated(WeightSpec spec);

    /** Stores rows of a weight without calibration, each number by itself; without parts what comes quantized already. */
    Rounded plain(WeightSpec spec, float[] rows);

    /** Stores rows of a matrix in any layout, each number by itself. */
    Rounded plain(WeightSpec spec, Layout layout, float[] rows);
}
