package ingot.quant.folder;

import ingot.formats.block.DoubleQuantized;
import ingot.formats.block.Nf4;

/** A matrix that is stored as NF4 indices with scales of 64 weights that run through all rows, as bitsandbytes counts them. */
public interface NormalCodes {
    /** Outputs. */
    long rows();

    /** Inputs. */
    int cols();

    /** Reads indices 0 … 15 of {@code n} rows. */
    void read(long first, int n, byte[] codes);

    /** Scales of the whole matrix, one for every {@link Nf4#GROUP} weights counted through all rows. */
    Scales scales();

    /** Scales of a matrix. */
    sealed interface Scales {}

    /** As they are. */
    @SuppressWarnings("ArrayRecordComponent") // a carrier between two steps of encoding, never compared
    record Plain(float[] absmax) implements Scales {}

    /** Quantized themselves. */
    record Nested(DoubleQuantized scales) implements Scales {}
}
