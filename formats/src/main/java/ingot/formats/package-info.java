/** Data types, shapes, tensors and the errors every reader shares. */
@NullMarked
package ingot.formats;

import org.jspecify.annotations.NullMarked;
