/** Strict JSON: no duplicate keys, bounded depth, errors that name file and offset. */
@NullMarked
package ingot.formats.json;

import org.jspecify.annotations.NullMarked;
