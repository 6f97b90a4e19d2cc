/**
 * Matrix products over stored weights and the vector operations of a transformer block, in three backends: scalar (plain
 * Java, sums in double: the oracle), vector (Vector API, f32) and native (generated machine code, integer products with
 * activations of 20 or 8 bits). None depends on the number of threads.
 */
@NullMarked
package ingot.runtime.kernel;

import org.jspecify.annotations.NullMarked;
