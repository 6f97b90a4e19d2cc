package ingot.quant.gptq;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A matrix that was rounded.
 *
 * @param parts bytes of the layout's parts
 * @param stored what they decode to, row-major
 * @param error what that lost
 */
@SuppressWarnings("ArrayRecordComponent") // results, never compared
public record Rounded(List<MemorySegment> parts, float[] stored, RoundingError error) {}
