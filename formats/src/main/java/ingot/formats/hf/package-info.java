/** Hugging Face model folders: configuration, sharded weights, generation defaults. */
@NullMarked
package ingot.formats.hf;

import org.jspecify.annotations.NullMarked;
