package ingot.quant.gptq;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A matrix that was rounded.
 *
 * @param parts bytes of the target's parts
 * @param stored what they decode to, row-major
 * @param error what that lost
 */
@SuppressWarnings("ArrayRecordComponent") // results, never compared
public record Rounded(List<MemorySegment> parts, float[] stored, RoundingError error) {
    /** Memory for the parts of a matrix. */
    public static List<MemorySegment> room(Target target, int rows, int cols) {
        return target.parts(rows, cols).stream()
                .map(bytes -> MemorySegment.ofArray(new byte[Math.toIntExact(bytes)]))
                .toList();
    }

    /** The same with the distance from other weights than those that were rounded; that of the outputs stays. */
    public Rounded comparedWith(float[] source) {
        RoundingError from = RoundingError.of(source, stored);
        return new Rounded(parts, stored, from.withOutputs(error.weighted(), error.energy()));
    }
}
