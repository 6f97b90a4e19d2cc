package ingot.runtime.kernel.vector;

import ingot.runtime.kernel.Blas.Tile;

/** The innermost loop of a dense product, over packed factors. */
interface TileProduct {
    /** Rows of the output that are computed at a time. */
    int ROWS = 6;

    /** Columns of the output that are computed at a time. */
    int COLS = 32;

    /** Packed numbers from {@code at} on. */
    record Packed(float[] data, int at) {}

    /**
     * c[i][j] += Σ over l &lt; k of a[l][i]·b[l][j], for i &lt; ROWS and j &lt; COLS: one fused multiply-add after the other
     * from 0 on in the order of l, then the addition.
     *
     * @param a {@code [k][ROWS]}
     * @param b {@code [k][COLS]}
     */
    void multiply(Packed a, Packed b, int k, Tile c);

    /**
     * Forward substitution, a column of x at a time: x ← l⁻¹·x.
     *
     * @param l its lower triangle of {@code count} rows
     * @param x {@code [count][COLS]}
     */
    void solve(Tile l, int count, Packed x);
}
