/** One class per command. */
@NullMarked
package ingot.cli;

import org.jspecify.annotations.NullMarked;
