/**
 * The native backend: machine code for x86-64, generated when a model is opened, for products with weights of integer
 * codes and, in 512 bits, for what is around them. {@link ingot.runtime.kernel.nativecode.Assembler} encodes instructions, {@link
 * ingot.runtime.kernel.nativecode.ExecutableMemory} makes them callable, one generator per kernel and one per type of codes
 * write them, {@link ingot.runtime.kernel.nativecode.NativeKernels} calls them. Everything else is left to the vector
 * backend, which is loaded when that comes up.
 *
 * <p><b>Around the products</b> the operations are those of the vector backend in the same order, so they have its bits and its
 * bounds; operands are Java arrays. docs/decisions/0093-first-token.md
 *
 * <p><b>Arithmetic.</b> The activations of a token are rounded to 20-bit integers, 32 columns (a <i>unit</i>) at a time:
 * m = max |x|, but at least 2⁻¹⁰⁰; d = m·(1/524287); a = x·(524287/m) to the nearest, ties to even; all in f32. An output is
 *
 * <pre>y = 0; for every unit u in order: y = fma(float(Σ q·a) · d, scale, y)</pre>
 *
 * with the sum over the 32 columns of the unit exact in integers (below 2³¹), its conversion and product rounded to f32.
 * So the result has the same bits for every instruction set and number of threads, and a scalar loop gives them too; for one
 * token and for many where both are generated (AVX-512 with VNNI; elsewhere vectors multiply several tokens, in f32). With
 * {@link ingot.runtime.kernel.nativecode.ActivationBits#EIGHT} 127 stands in place of 524287. An activation is three signed bytes, 65536·h + 256·m + l, which is what {@code vpdpbusd}
 * multiplies with unsigned codes. Where an activation is infinite or not a number, so is every output.
 * docs/decisions/0085-twenty-bit-activations.md
 */
@NullMarked
package ingot.runtime.kernel.nativecode;

import org.jspecify.annotations.NullMarked;
