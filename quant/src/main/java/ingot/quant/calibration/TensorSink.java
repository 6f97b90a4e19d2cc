package ingot.quant.calibration;

import ingot.quant.gptq.Rounded;
import ingot.runtime.model.WeightSpec;

/** Takes quantized tensors as they are done. */
@FunctionalInterface
public interface TensorSink {
    /** How a note begins that tells why a matrix was rounded without error feedback. */
    String NEAREST = "rounded to nearest: ";

    /**
     * Rows of a matrix, or all of them.
     *
     * @param firstRow a multiple of 16; calls for one matrix come in rising order
     * @param note how it was rounded where that was not as asked, else empty
     */
    void accept(WeightSpec spec, int firstRow, Rounded rounded, String note);
}
