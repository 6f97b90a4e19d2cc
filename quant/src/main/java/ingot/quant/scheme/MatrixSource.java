package ingot.quant.scheme;

import ingot.formats.DType;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** The source weights of one matrix, read by rows as f32. */
public interface MatrixSource {
    /** Where the weights are, for messages: {@code FILE: tensor 'NAME' @OFFSET}. */
    String origin();

    /** Outputs. */
    long rows();

    /** Inputs. */
    int cols();

    /**
     * Reads {@code n} rows into {@code out[0 … n × cols)}, row-major.
     *
     * @param first 0 ≤ first, first + n ≤ rows
     */
    void read(long first, int n, float[] out);

    /** The rows as they are stored, where that is with floating-point numbers of at most 32 bits. */
    default Optional<StoredRows> stored() {
        return Optional.empty();
    }

    /** Reads rows as they are stored. */
    interface StoredRows {
        /** F32, F16 or BF16. */
        DType type();

        /**
         * Reads {@code n} rows, row-major, unchecked: some may not be finite where {@link MatrixSource#read} refuses or
         * replaces that.
         *
         * @param out of exactly their bytes
         */
        void read(long first, int n, MemorySegment out);
    }
}
