/** Schemes: what chooses the numbers that a layout stores. */
@NullMarked
package ingot.quant.scheme;

import org.jspecify.annotations.NullMarked;
