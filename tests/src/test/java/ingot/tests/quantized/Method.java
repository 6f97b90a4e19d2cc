package ingot.tests.quantized;

import java.util.Random;

/** Writes modules as one method stores them. */
interface Method {
    /** The value of {@code quantization_config}. */
    String config();

    /** Writes a module; returns the weights that its tensors mean, [out × in]. */
    float[] put(FolderBuilder folder, String module, float[] weights, int out, Random random);
}
