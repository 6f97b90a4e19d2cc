/** What a model's inputs look like: calibration text, streamed through the layers while they are quantized one by one. */
@NullMarked
package ingot.quant.calibration;

import org.jspecify.annotations.NullMarked;
