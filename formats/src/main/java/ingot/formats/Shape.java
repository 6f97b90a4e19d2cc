package ingot.formats;

import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * Dimensions of a tensor, outermost first. Rank 0 (one element) and zero dimensions (no element) are legal.
 *
 * @param dims every one ≥ 0, their product fits a {@code long}
 */
public record Shape(long... dims) {
    public Shape {
        dims = dims.clone();
        long n = 1;
        for (long d : dims) {
            if (d < 0) {
                throw new IllegalArgumentException("negative dimension " + d);
            }
            n = Math.multiplyExact(n, d);
        }
    }

    @Override
    public long[] dims() {
        return dims.clone();
    }

    public int rank() {
        return dims.length;
    }

    public long dim(int i) {
        return dims[i];
    }

    /** Number of elements. */
    public long count() {
        long n = 1;
        for (long d : dims) {
            n *= d;
        }
        return n;
    }

    /** Columns of the tensor seen as a matrix: its last dimension; 1 for rank 0. */
    public long cols() {
        return dims.length == 0 ? 1 : dims[dims.length - 1];
    }

    /** Rows of the tensor seen as a matrix: the product of all but the last dimension. */
    public long rows() {
        long n = 1;
        for (int i = 0; i < dims.length - 1; i++) {
            n *= dims[i];
        }
        return n;
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof Shape s && Arrays.equals(dims, s.dims);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dims);
    }

    @Override
    public String toString() {
        return Arrays.stream(dims).mapToObj(Long::toString).collect(Collectors.joining(", ", "[", "]"));
    }
}
