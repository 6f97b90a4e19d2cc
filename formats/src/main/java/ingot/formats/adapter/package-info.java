/** Low-rank adapters: read, checked against the base model, merged while the base is read. */
@NullMarked
package ingot.formats.adapter;

import org.jspecify.annotations.NullMarked;
