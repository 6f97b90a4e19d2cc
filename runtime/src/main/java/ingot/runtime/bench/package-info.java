/** Speed of reading prompts and of generating. */
@NullMarked
package ingot.runtime.bench;

import org.jspecify.annotations.NullMarked;
