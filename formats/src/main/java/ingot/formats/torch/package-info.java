/** PyTorch checkpoints: zip and legacy layout, their pickles read by an interpreter that knows nothing but tensors. */
@NullMarked
package ingot.formats.torch;

import org.jspecify.annotations.NullMarked;
