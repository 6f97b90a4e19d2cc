package ingot.formats.block;

import ingot.formats.DType;
import ingot.formats.Shape;

/**
 * One of the tensors that together store a matrix.
 *
 * @param suffix what is appended to the name of the matrix; empty for the only part of a {@link Dense} one
 */
public record Part(String suffix, DType type, Shape shape) {
    /** Size in bytes; {@link ArithmeticException} when it does not fit a {@code long}. */
    public long bytes() {
        return Math.multiplyExact(shape.count(), (long) type.bytes());
    }
}
