/** Tokenizer files: every published layout read into one canonical record, its binary form, and the way back. */
@NullMarked
package ingot.formats.tokenizer;

import org.jspecify.annotations.NullMarked;
