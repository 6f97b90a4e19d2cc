/** How results look: numbers, tables, progress, reports. Nothing here decides anything. */
@NullMarked
package ingot.cli.render;

import org.jspecify.annotations.NullMarked;
