/**
 * The vector backend: f32 arithmetic through the Vector API. A kernel class is written once, with its vector species as
 * static constants, and exists once per width in use ({@link ingot.runtime.kernel.vector.Width}).
 */
@NullMarked
package ingot.runtime.kernel.vector;

import org.jspecify.annotations.NullMarked;
