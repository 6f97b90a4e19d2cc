package ingot.runtime.kernel.vector;

import ingot.runtime.kernel.Blas.Tile;
import java.util.Arrays;

/**
 * One factor of a product: its element for output row or column i and summand l is {@code data[at + i*lane + l*step]}. One
 * of the two strides is 1.
 */
record Factor(float[] data, int at, int lane, int step) {
    /** Rows of the tile are rows of the output. */
    static Factor rows(Tile t) {
        return new Factor(t.data(), t.at(), t.stride(), 1);
    }

    /** Columns of the tile are rows or columns of the output. */
    static Factor columns(Tile t) {
        return new Factor(t.data(), t.at(), 1, t.stride());
    }

    /** What is left from output row or column {@code i} and summand {@code l} on. */
    Factor from(int i, int l) {
        return new Factor(data, at + i * lane + l * step, lane, step);
    }

    /**
     * Packs {@code lanes} ≤ {@code width} outputs of {@code k} summands times α as {@code [k][width]}; lanes that do not
     * exist become 0.
     */
    void pack(float alpha, int lanes, int k, float[] out, int to, int width) {
        if (lanes < width) {
            Arrays.fill(out, to, to + k * width, 0);
        }
        if (step == 1) {
            for (int i = 0; i < lanes; i++) {
                int from = at + i * lane;
                for (int l = 0; l < k; l++) {
                    out[to + l * width + i] = alpha * data[from + l];
                }
            }
        } else {
            for (int l = 0; l < k; l++) {
                int from = at + l * step;
                int row = to + l * width;
                for (int i = 0; i < lanes; i++) {
                    out[row + i] = alpha * data[from + i];
                }
            }
        }
    }
}
