/** The streaming converter: from a checkpoint to one .ingot file. */
@NullMarked
package ingot.quant;

import org.jspecify.annotations.NullMarked;
