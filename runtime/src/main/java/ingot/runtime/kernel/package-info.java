/** Matrix products and vector helpers. */
@NullMarked
package ingot.runtime.kernel;

import org.jspecify.annotations.NullMarked;
