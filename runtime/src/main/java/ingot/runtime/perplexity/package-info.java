/** Perplexity and KL divergence over text, by the protocol of the field's tool. */
@NullMarked
package ingot.runtime.perplexity;

import org.jspecify.annotations.NullMarked;
