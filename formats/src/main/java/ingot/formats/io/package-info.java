/** Files: positional reading that notices truncation, and output that appears whole or not at all. */
@NullMarked
package ingot.formats.io;

import org.jspecify.annotations.NullMarked;
