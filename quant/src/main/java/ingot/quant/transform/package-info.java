/** Equivalent models: other weights, the same outputs, and easier to round. */
@NullMarked
package ingot.quant.transform;

import org.jspecify.annotations.NullMarked;
