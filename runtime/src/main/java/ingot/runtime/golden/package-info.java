/** Golden files: prompts with the logits a reference implementation computed for them. */
@NullMarked
package ingot.runtime.golden;

import org.jspecify.annotations.NullMarked;
