package ingot.quant.scheme;

import java.lang.foreign.MemorySegment;

/** Takes the bytes of a matrix's parts, each part's in order. */
@FunctionalInterface
public interface PartSink {
    /**
     * @param part index into {@link ingot.formats.block.Layout#parts}
     * @param bytes not kept: the caller reuses the memory
     */
    void write(int part, MemorySegment bytes);
}
