/** Rounding weights to the grids of other tools: GGUF blocks, integers with f16 scales, by the weights alone. */
@NullMarked
package ingot.quant.grid;

import org.jspecify.annotations.NullMarked;
