/** Which type each matrix gets, so that a file of a given size differs least from its source. */
@NullMarked
package ingot.quant.allocation;

import org.jspecify.annotations.NullMarked;
