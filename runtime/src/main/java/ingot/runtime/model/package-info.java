/** Model families as compositions of shared blocks, and the binding of their weights. */
@NullMarked
package ingot.runtime.model;

import org.jspecify.annotations.NullMarked;
