/** The .ingot file: a safetensors file with a manifest and checksums. Specified in docs/format.md. */
@NullMarked
package ingot.formats.ingot;

import org.jspecify.annotations.NullMarked;
