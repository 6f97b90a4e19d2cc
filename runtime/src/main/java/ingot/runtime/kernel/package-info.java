/**
 * Matrix products over stored weights and the vector operations of a transformer block, in two backends: scalar (plain
 * Java, sums in double: the oracle) and vector (Vector API, f32). Neither depends on the number of threads.
 */
@NullMarked
package ingot.runtime.kernel;

import org.jspecify.annotations.NullMarked;
