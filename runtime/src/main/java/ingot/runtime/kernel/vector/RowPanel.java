package ingot.runtime.kernel.vector;

import ingot.formats.Numbers;
import ingot.formats.block.Dense;
import ingot.runtime.kernel.Matrix;
import ingot.runtime.kernel.Scratch;

/** Panels of row-major weights: rows are widened to f32 and transposed, so that rows become lanes. */
final class RowPanel {
    private static final int ROWS = WeightKernel.ROWS;

    private final Scratch scratch = new Scratch();

    /** As {@link WeightKernel#expand}. */
    void expand(Matrix w, int block, int col, int cols, float[] panel, int at) {
        var type = ((Dense) w.layout()).type();
        int rows = Math.min(ROWS, w.rows() - block * ROWS);
        float[] wide = scratch.floats(ROWS * cols);
        for (int r = 0; r < rows; r++) {
            long from = ((long) (block * ROWS + r) * w.cols() + col) * type.bytes();
            Numbers.toF32(type, w.parts().getFirst(), from, wide, r * cols, cols);
        }
        for (int r = 0; r < ROWS; r += 4) {
            if (r + 4 <= rows) {
                four(wide, r * cols, cols, panel, at + r);
            } else {
                some(wide, r, rows, cols, panel, at);
            }
        }
    }

    /** Four rows at a time: one loop over the columns with plain indices, whose range checks the compiler removes. */
    private static void four(float[] wide, int from, int cols, float[] panel, int at) {
        for (int j = 0; j < cols; j++) {
            int to = at + j * TileProduct.COLS;
            panel[to] = wide[from + j];
            panel[to + 1] = wide[from + cols + j];
            panel[to + 2] = wide[from + 2 * cols + j];
            panel[to + 3] = wide[from + 3 * cols + j];
        }
    }

    private static void some(float[] wide, int first, int rows, int cols, float[] panel, int at) {
        for (int r = first; r < first + 4; r++) {
            for (int j = 0; j < cols; j++) {
                panel[j * TileProduct.COLS + at + r] = r < rows ? wide[r * cols + j] : 0;
            }
        }
    }
}
