package ingot.formats.gguf;

import java.util.Optional;
import java.util.stream.Stream;

/** Types of metadata values, with their numbers in the file (GGUF specification, gguf_metadata_value_type). */
enum ValueType {
    UINT8(0, 1),
    INT8(1, 1),
    UINT16(2, 2),
    INT16(3, 2),
    UINT32(4, 4),
    INT32(5, 4),
    FLOAT32(6, 4),
    BOOL(7, 1),
    /** u64 length, then UTF-8. */
    STRING(8, 8),
    /** u32 type of the elements, u64 count, then the elements. */
    ARRAY(9, 12),
    UINT64(10, 8),
    INT64(11, 8),
    FLOAT64(12, 8);

    private final int id;
    private final int leastBytes;

    ValueType(int id, int leastBytes) {
        this.id = id;
        this.leastBytes = leastBytes;
    }

    /** The number in the file. */
    int id() {
        return id;
    }

    /** Bytes of a value; of a string or an array, the least it can have. */
    int leastBytes() {
        return leastBytes;
    }

    static Optional<ValueType> byId(int id) {
        return Stream.of(values()).filter(t -> t.id == id).findFirst();
    }
}
