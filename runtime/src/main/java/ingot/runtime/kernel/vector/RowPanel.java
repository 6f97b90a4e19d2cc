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
        for (int j = 0; j < cols; j++) {
            int to = j * PanelGemm.LANES + at;
            for (int r = 0; r < ROWS; r++) {
                panel[to + r] = r < rows ? wide[r * cols + j] : 0;
            }
        }
    }
}
