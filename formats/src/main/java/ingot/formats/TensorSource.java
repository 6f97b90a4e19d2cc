package ingot.formats;

import java.lang.foreign.MemorySegment;
import java.util.SequencedMap;

/**
 * Tensors that can be read piece by piece. Nothing is loaded until asked for, and the caller owns the memory, so
 * reading a model needs no more than the caller's buffers. Safe for use by several threads.
 */
public interface TensorSource extends AutoCloseable {
    /** Every tensor by name, in file order (shards in order of their names). */
    SequencedMap<String, TensorInfo> tensors();

    /**
     * Fills {@code destination} with the tensor's little-endian bytes from {@code byteOffset} on.
     *
     * @throws IngotException.ReadWrite when the file is shorter than when it was opened, or cannot be read
     */
    void read(TensorInfo tensor, long byteOffset, MemorySegment destination);

    @Override
    void close();
}
