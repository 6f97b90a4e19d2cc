/** Checkpoints that were quantized before they were published: their configurations, their layouts, their arithmetic. */
@NullMarked
package ingot.formats.quantized;

import org.jspecify.annotations.NullMarked;
