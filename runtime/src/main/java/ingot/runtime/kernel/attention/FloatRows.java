package ingot.runtime.kernel.attention;

import ingot.runtime.kernel.Queries;
import java.util.Arrays;

/** Rows of floats and the column at which a product begins; kept by a thread and used again. */
public final class FloatRows {
    private float[] data = {};
    private int stride;
    private int column;

    /** Takes rows that lie elsewhere. */
    void wrap(float[] newData, int newStride) {
        data = newData;
        stride = newStride;
        column = 0;
    }

    /** Makes room. */
    void fit(int rows, int newStride) {
        stride = newStride;
        if (data.length < rows * stride) {
            data = new float[rows * stride];
        }
    }

    /** Clears the first {@code n} columns of the rows, and of those that fill the last tile. */
    void zero(int rows, int n) {
        for (int row = 0; row < Math.ceilDiv(rows, Queries.TILE) * Queries.TILE; row++) {
            Arrays.fill(data, row * stride, row * stride + n, 0);
        }
    }

    void column(int newColumn) {
        column = newColumn;
    }

    public float[] data() {
        return data;
    }

    public int stride() {
        return stride;
    }

    /** Where the row begins. */
    int at(int row) {
        return row * stride;
    }

    /** Where the row's present column is. */
    public int cursor(int row) {
        return row * stride + column;
    }
}
