/** GGUF files of llama.cpp as a source of models: metadata, tensors in every block type, tokenizer, configuration. */
@NullMarked
package ingot.formats.gguf;

import org.jspecify.annotations.NullMarked;
