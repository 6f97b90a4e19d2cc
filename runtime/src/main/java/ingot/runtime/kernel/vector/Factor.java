package ingot.runtime.kernel.vector;

import ingot.runtime.kernel.Blas.Tile;
import java.util.Arrays;

/**
 * One factor of a product: its element for output row or column i and summand l is {@code data[at + i*lane + l*step]}. One
 * of the two strides is 1.
 */
record Factor(float[] data, int at, int lane, int step) {
    /** Rows that are packed side by side; divides {@link TileProduct#ROWS}. */
    private static final int SIX = 6;

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
     * Packs {@code lanes} ≤ {@link TileProduct#COLS} output columns of {@code k} summands as {@code [k][COLS]}; columns that
     * do not exist become 0.
     */
    void packColumns(int lanes, int k, float[] out, int to) {
        if (lanes < TileProduct.COLS) {
            Arrays.fill(out, to, to + k * TileProduct.COLS, 0);
        }
        if (lane == 1) {
            for (int l = 0; l < k; l++) {
                System.arraycopy(data, at + l * step, out, to + l * TileProduct.COLS, lanes);
            }
            return;
        }
        for (int i = 0; i < lanes; i++) {
            int from = at + i * lane;
            for (int l = 0; l < k; l++) {
                out[to + l * TileProduct.COLS + i] = data[from + l];
            }
        }
    }

    /**
     * Packs {@code lanes} ≤ {@link TileProduct#ROWS} output rows of {@code k} summands times α as {@code [k][ROWS]}; rows
     * that do not exist become 0.
     */
    void packRows(float alpha, int lanes, int k, float[] out, int to) {
        if (lanes == TileProduct.ROWS) {
            for (int row = 0; row < lanes; row += SIX) {
                packSix(alpha, at + row * lane, k, out, to + row);
            }
            return;
        }
        Arrays.fill(out, to, to + k * TileProduct.ROWS, 0);
        for (int i = 0; i < lanes; i++) {
            for (int l = 0; l < k; l++) {
                out[to + l * TileProduct.ROWS + i] = alpha * data[at + i * lane + l * step];
            }
        }
    }

    /** Twice the same loop: with a stride that is known to be 1 it needs no range checks. */
    private void packSix(float alpha, int r0, int k, float[] out, int to) {
        int r1 = r0 + lane;
        int r2 = r1 + lane;
        int r3 = r2 + lane;
        int r4 = r3 + lane;
        int r5 = r4 + lane;
        if (step == 1) {
            for (int l = 0; l < k; l++) {
                int row = to + l * TileProduct.ROWS;
                out[row] = alpha * data[r0 + l];
                out[row + 1] = alpha * data[r1 + l];
                out[row + 2] = alpha * data[r2 + l];
                out[row + 3] = alpha * data[r3 + l];
                out[row + 4] = alpha * data[r4 + l];
                out[row + 5] = alpha * data[r5 + l];
            }
            return;
        }
        for (int l = 0; l < k; l++) {
            int row = to + l * TileProduct.ROWS;
            int from = r0 + l * step;
            out[row] = alpha * data[from];
            out[row + 1] = alpha * data[from + 1];
            out[row + 2] = alpha * data[from + 2];
            out[row + 3] = alpha * data[from + 3];
            out[row + 4] = alpha * data[from + 4];
            out[row + 5] = alpha * data[from + 5];
        }
    }
}
