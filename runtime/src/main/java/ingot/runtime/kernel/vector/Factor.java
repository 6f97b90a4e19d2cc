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

    /** Summands of all columns of a panel that are written before the next, 8 KiB for the first-level cache. */
    private static final int NEAR = 64;

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
     * Packs {@code lanes} output columns of {@code k} summands as panels {@code [k][COLS]}, one behind the other; columns that do
     * not exist become 0.
     */
    void packColumns(int lanes, int k, float[] out, int to) {
        int last = lanes % TileProduct.COLS;
        if (last > 0) {
            int panel = to + (lanes - last) * k;
            Arrays.fill(out, panel, panel + k * TileProduct.COLS, 0);
        }
        if (lane == 1) {
            // Row by row, through all panels: every row of a wide matrix is in a page of its own.
            for (int l = 0; l < k; l++) {
                for (int i = 0; i < lanes; i += TileProduct.COLS) {
                    int n = Math.min(TileProduct.COLS, lanes - i);
                    System.arraycopy(data, at + l * step + i, out, to + i * k + l * TileProduct.COLS, n);
                }
            }
            return;
        }
        for (int first = 0; first < k; first += NEAR) {
            int end = Math.min(k, first + NEAR);
            for (int i = 0; i < lanes; i++) {
                int from = at + i * lane;
                int column = to + i / TileProduct.COLS * TileProduct.COLS * k + i % TileProduct.COLS;
                for (int l = first; l < end; l++) {
                    out[column + l * TileProduct.COLS] = data[from + l];
                }
            }
        }
    }

    /**
     * Packs {@code lanes} output rows of {@code k} summands times α as tiles {@code [k][ROWS]}, one behind the other; rows that do
     * not exist become 0.
     */
    void packRows(float alpha, int lanes, int k, float[] out, int to) {
        int whole = lanes - lanes % TileProduct.ROWS;
        if (step == 1) {
            for (int row = 0; row < whole; row += TileProduct.ROWS) {
                for (int six = row; six < row + TileProduct.ROWS; six += SIX) {
                    packSix(alpha, at + six * lane, k, out, to + row * k + six - row);
                }
            }
        } else {
            packAcross(alpha, whole, k, out, to);
        }
        if (whole == lanes) {
            return;
        }
        int tile = to + whole * k;
        Arrays.fill(out, tile, tile + k * TileProduct.ROWS, 0);
        for (int i = whole; i < lanes; i++) {
            for (int l = 0; l < k; l++) {
                out[tile + l * TileProduct.ROWS + i - whole] = alpha * data[at + i * lane + l * step];
            }
        }
    }

    /** Six rows of the output that are rows of the data. */
    private void packSix(float alpha, int r0, int k, float[] out, int to) {
        int r1 = r0 + lane;
        int r2 = r1 + lane;
        int r3 = r2 + lane;
        int r4 = r3 + lane;
        int r5 = r4 + lane;
        for (int l = 0; l < k; l++) {
            int row = to + l * TileProduct.ROWS;
            out[row] = alpha * data[r0 + l];
            out[row + 1] = alpha * data[r1 + l];
            out[row + 2] = alpha * data[r2 + l];
            out[row + 3] = alpha * data[r3 + l];
            out[row + 4] = alpha * data[r4 + l];
            out[row + 5] = alpha * data[r5 + l];
        }
    }

    /** Rows of the output that are columns of the data: row by row of the data, as with {@link #packColumns}. */
    private void packAcross(float alpha, int rows, int k, float[] out, int to) {
        for (int l = 0; l < k; l++) {
            int row = at + l * step;
            for (int i = 0; i < rows; i += TileProduct.ROWS) {
                int tile = to + i * k + l * TileProduct.ROWS;
                for (int j = 0; j < TileProduct.ROWS; j++) {
                    out[tile + j] = alpha * data[row + i + j];
                }
            }
        }
    }
}
