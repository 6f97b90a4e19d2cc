/** Quantized matrices as the folders of other tools store them: GPTQ, compressed-tensors, bitsandbytes. */
@NullMarked
package ingot.quant.folder;

import org.jspecify.annotations.NullMarked;
