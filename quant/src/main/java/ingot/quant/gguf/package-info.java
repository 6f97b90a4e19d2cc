/** What a GGUF file says of a model. */
@NullMarked
package ingot.quant.gguf;

import org.jspecify.annotations.NullMarked;
