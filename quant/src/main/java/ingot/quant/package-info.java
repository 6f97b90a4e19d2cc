/** Quantization schemes and the streaming converter. */
@NullMarked
package ingot.quant;

import org.jspecify.annotations.NullMarked;
