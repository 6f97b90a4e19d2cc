/** Choosing codes and scales of GGUF blocks by the weights alone; {@code ingot.formats.gguf} packs them. */
@NullMarked
package ingot.quant.gguf;

import org.jspecify.annotations.NullMarked;
