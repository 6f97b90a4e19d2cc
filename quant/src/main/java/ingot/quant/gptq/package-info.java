/** Error-feedback rounding (GPTQ, Frantar et al. 2023) onto any grid of numbers. */
@NullMarked
package ingot.quant.gptq;

import org.jspecify.annotations.NullMarked;
