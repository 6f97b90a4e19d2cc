/** Text to token ids and back, exactly as the published tokenizers do it. */
@NullMarked
package ingot.runtime.tokenizer;

import org.jspecify.annotations.NullMarked;
