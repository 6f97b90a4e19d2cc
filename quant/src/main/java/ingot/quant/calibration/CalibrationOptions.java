package ingot.quant.calibration;

import ingot.formats.IngotException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What the layers are calibrated on.
 *
 * @param data a text file (UTF-8), or a file of token ids: lines {@code {"ids": […]}}; the text that comes with Ingot when
 *     absent
 * @param tokens how many to use, at most
 * @param length of a sequence; every sequence begins at position 0
 * @param seed picks the sequences where the data has more than are used
 */
public record CalibrationOptions(Optional<Path> data, int tokens, int length, long seed) {
    /** Longest sequence: its activations are in memory at once. */
    public static final int MAX_LENGTH = 8192;

    public CalibrationOptions {
        if (length < 2 || length > MAX_LENGTH) {
            throw new IngotException.Usage(
                    "calibration sequences of " + length + " tokens; expected 2 to " + MAX_LENGTH);
        }
        if (tokens < length) {
            throw new IngotException.Usage("calibration with " + tokens + " tokens in sequences of " + length
                    + "; expected at least one sequence");
        }
    }

    /** Ingot's own text, 128 sequences of 512 tokens. */
    public static CalibrationOptions defaults() {
        return new CalibrationOptions(Optional.empty(), 128 * 512, 512, 0);
    }
}
