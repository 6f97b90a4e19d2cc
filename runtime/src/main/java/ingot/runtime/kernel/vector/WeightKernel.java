package ingot.runtime.kernel.vector;

import ingot.runtime.kernel.Matrix;

/** Products with one type of weights at one vector width. A block is 16 rows; the last one may have fewer. */
interface WeightKernel {
    /** Rows of a block, whatever the layout. */
    int ROWS = 16;

    /** Floats that {@link #prepare} writes. */
    int preparedLength(Matrix w);

    /** Brings the activations of one token into the order (and scale) in which {@link #matvec} reads them. */
    void prepare(Matrix w, float[] x, float[] prepared);

    /** y[16·block + lane] = Wx for the rows of one block. */
    void matvec(Matrix w, float[] prepared, int block, float[] y);

    /**
     * Expands weights to f32, exactly as the layout defines them, with rows as lanes:
     * {@code panel[j*TileProduct.COLS + at + lane] = W[16*block + lane][col + j]} for j &lt; cols. Lanes of rows that do not
     * exist get any finite value; up to seven columns more may be written.
     *
     * @param col a multiple of 64
     * @param at 0 or 16
     */
    void expand(Matrix w, int block, int col, int cols, float[] panel, int at);
}
