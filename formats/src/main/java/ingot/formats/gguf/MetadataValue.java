package ingot.formats.gguf;

import ingot.formats.Numbers;
import java.lang.foreign.MemorySegment;

/** A value of a file's metadata. */
sealed interface MetadataValue {
    /** Short description for listings and messages. */
    String describe();

    /** An integer of any width; u64 beyond 2^63 − 1 are refused on reading. */
    record Whole(ValueType type, long value) implements MetadataValue {
        @Override
        public String describe() {
            return Long.toString(value);
        }
    }

    /**
     * A floating-point number. An f32 is widened by its shortest decimal: the writer had 1e-6 where the nearest f32 is
     * 9.99999997e-7, and a configuration written by hand says 1e-6.
     */
    record Real(ValueType type, double value) implements MetadataValue {
        @Override
        public String describe() {
            return Double.toString(value);
        }
    }

    record Flag(boolean value) implements MetadataValue {
        @Override
        public String describe() {
            return Boolean.toString(value);
        }
    }

    record Str(String value) implements MetadataValue {
        @Override
        public String describe() {
            return value;
        }
    }

    /** An array of strings, kept as it lies in the file: published vocabularies have 250,000 of them. */
    record Strings(PackedStrings values) implements MetadataValue {
        @Override
        public String describe() {
            return values.size() + " strings";
        }
    }

    /** An array of numbers or flags, kept as it lies in the file. */
    record NumberArray(ValueType type, byte[] bytes) implements MetadataValue {
        int size() {
            return bytes.length / type.leastBytes();
        }

        /** Element {@code i} of an array of integers or flags. */
        long whole(int i) {
            MemorySegment all = MemorySegment.ofArray(bytes);
            return switch (type) {
                case UINT8, BOOL -> bytes[i] & 0xFF;
                case INT8 -> bytes[i];
                case UINT16 -> all.get(Numbers.LE_SHORT, 2L * i) & 0xFFFF;
                case INT16 -> all.get(Numbers.LE_SHORT, 2L * i);
                case UINT32 -> all.get(Numbers.LE_INT, 4L * i) & 0xFFFF_FFFFL;
                case INT32 -> all.get(Numbers.LE_INT, 4L * i);
                case UINT64, INT64 -> all.get(Numbers.LE_LONG, 8L * i);
                case FLOAT32, FLOAT64, STRING, ARRAY ->
                    throw new IllegalStateException("an array of " + type + " holds no integers");
            };
        }

        boolean integers() {
            return type != ValueType.FLOAT32 && type != ValueType.FLOAT64;
        }

        @Override
        public String describe() {
            return size() + " × " + type;
        }
    }
}
