/** Attention over the pages of a cache in products of tiles, which every fast backend has its own of. */
@NullMarked
package ingot.runtime.kernel.attention;

import org.jspecify.annotations.NullMarked;
