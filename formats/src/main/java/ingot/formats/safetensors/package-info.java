/** Strict reader and atomic writer of safetensors files. */
@NullMarked
package ingot.formats.safetensors;

import org.jspecify.annotations.NullMarked;
