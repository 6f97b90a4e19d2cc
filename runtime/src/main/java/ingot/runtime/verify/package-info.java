/** Comparing a model with golden logits: metrics, thresholds, verdict. */
@NullMarked
package ingot.runtime.verify;

import org.jspecify.annotations.NullMarked;
