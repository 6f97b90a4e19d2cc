package ingot.formats.adapter;

import ingot.formats.Numbers;
import ingot.formats.TensorInfo;
import ingot.formats.TensorSource;
import java.lang.foreign.MemorySegment;

/**
 * What a LoRA pair adds to a weight: scaling · B·A, or its transpose. A is [r, inputs], B [outputs, r]. Embeddings, and
 * linear layers stored as [in, out], take the transpose.
 */
record LowRank(TensorSource source, TensorInfo a, TensorInfo b, double scaling, boolean transposed) {
    int rank() {
        return (int) a.shape().dim(0);
    }

    long rows() {
        return transposed ? a.shape().dim(1) : b.shape().dim(0);
    }

    long cols() {
        return transposed ? b.shape().dim(0) : a.shape().dim(1);
    }

    /** Adds B·A, not scaled, of {@code n} rows to {@code sum[0 … n × cols)}; products and sums in f64, ranks in order. */
    void add(long first, int n, double[] sum) {
        int cols = (int) cols();
        int rank = rank();
        float[] ofRow = new float[n];
        float[] ofCol = new float[cols];
        float[] wholeB = transposed
                ? read(b, 0, Math.multiplyExact(cols, rank))
                : read(b, first * rank, Math.multiplyExact(n, rank));
        for (int j = 0; j < rank; j++) {
            if (transposed) {
                System.arraycopy(read(a, j * a.shape().dim(1) + first, n), 0, ofRow, 0, n);
                for (int k = 0; k < cols; k++) {
                    ofCol[k] = wholeB[k * rank + j];
                }
            } else {
                System.arraycopy(read(a, (long) j * cols, cols), 0, ofCol, 0, cols);
                for (int row = 0; row < n; row++) {
                    ofRow[row] = wholeB[row * rank + j];
                }
            }
            for (int row = 0; row < n; row++) {
                double x = ofRow[row];
                for (int k = 0; k < cols; k++) {
                    sum[row * cols + k] += x * ofCol[k];
                }
            }
        }
    }

    private float[] read(TensorInfo tensor, long from, int n) {
        int width = tensor.dtype().bytes();
        MemorySegment bytes = MemorySegment.ofArray(new byte[Math.multiplyExact(n, width)]);
        source.read(tensor, Math.multiplyExact(from, (long) width), bytes);
        float[] out = new float[n];
        Numbers.toF32(tensor.dtype(), bytes, 0, out, 0, n);
        return out;
    }
}
