/** PyTorch files: those torch saved, those nobody should have saved, and how fast they are read. */
@NullMarked
package ingot.tests.torch;

import org.jspecify.annotations.NullMarked;
