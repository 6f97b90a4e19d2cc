/** Choosing the next token from logits. */
@NullMarked
package ingot.runtime.sample;

import org.jspecify.annotations.NullMarked;
