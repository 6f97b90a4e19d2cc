package ingot.runtime.kernel.vector;

import ingot.runtime.kernel.Blas.Tile;

/** The innermost loop of every dense product, over packed factors. */
interface TileProduct {
    /** Rows of the output that are computed at a time. */
    int ROWS = 12;

    /** Columns of the output that are computed at a time. */
    int COLS = 32;

    /** Outputs that are computed at a time. */
    int TILE = ROWS * COLS;

    /** Packed numbers from {@code at} on. */
    record Packed(float[] data, int at) {}

    /**
     * c[i][j] += Σ over l &lt; k of a[l][i]·b[l][j], for i &lt; ROWS and j &lt; COLS: one fused multiply-add after the other
     * from 0 on in the order of l, then the addition. So a long sum in pieces has one order, whatever its neighbours.
     *
     * @param a {@code [k][ROWS]}: reading as many rows of a row-major array instead halves the speed
     * @param rows of a that count; others may be added or not
     * @param b {@code [k][COLS]}
     * @param sums room for {@link #TILE} sums on their way
     */
    void multiply(Packed a, int rows, Packed b, int k, float[] sums, Tile c);

    /**
     * Forward substitution, a column of x at a time: x ← l⁻¹·x.
     *
     * @param l its lower triangle of {@code count} rows
     * @param x {@code [count][COLS]}
     */
    void solve(Tile l, int count, Packed x);
}
