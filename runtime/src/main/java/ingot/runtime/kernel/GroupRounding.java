package ingot.runtime.kernel;

import ingot.formats.DType;
import ingot.formats.block.Grouped;
import ingot.runtime.kernel.nativecode.NativeRounding;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Round-to-nearest with one f16 scale per row and group in generated machine code: nothing to warm up, and the same bits as
 * the same steps in Java. Used by one thread.
 */
public interface GroupRounding extends AutoCloseable {
    /**
     * For matrices of so many columns whose weights are stored as {@code type}; empty where there is no code for them, or
     * none can run.
     *
     * @param layout of the integer types
     */
    static Optional<GroupRounding> generated(Grouped layout, DType type, int cols) {
        return NativeRounding.of(layout, type, cols);
    }

    /**
     * Rounds a block of 16 rows.
     *
     * @param weights {@code [16][cols]} as they are stored, in native memory, as are the others
     * @param codes receives the block's codes
     * @param scales receives the block's scales
     * @param sums of (stored, weight) so far
     * @return the sums with those of the block; empty when some weight is not finite or some scale not a normal number of
     *     f16: nothing that was written is of use then
     */
    Optional<PairSums> block(MemorySegment weights, MemorySegment codes, MemorySegment scales, PairSums sums);

    @Override
    void close();
}
