package ingot.formats.quantized;

import static ingot.formats.quantized.Stored.ceil;

import ingot.formats.DType;
import ingot.formats.Shape;
import ingot.formats.TensorInfo;
import ingot.formats.TensorSource;
import java.util.Optional;
import java.util.Set;

/**
 * Numbers (scales or zero points) that rectangles of a matrix share: element (r, k) has number
 * {@code [r ÷ rowBlock][k ÷ colBlock]} of a stored tensor [⌈rows/rowBlock⌉, groups], groups = ⌈cols/colBlock⌉.
 */
public record ScaleGrid(TensorSource source, TensorInfo tensor, long rowBlock, int colBlock, int groups) {
    /** Types that scales come in. */
    static final Set<DType> SCALES = Set.of(DType.F16, DType.BF16, DType.F32);

    /** One number for the whole matrix: any shape with one element. */
    static Optional<ScaleGrid> tensor(TensorSource source, TensorInfo tensor, long rows, int cols) {
        return Optional.of(new ScaleGrid(source, tensor, rows, cols, 1))
                .filter(g -> tensor.shape().count() == 1);
    }

    /** One number per row: [rows, 1] or [rows]. */
    static Optional<ScaleGrid> channel(TensorSource source, TensorInfo tensor, long rows, int cols) {
        Shape shape = tensor.shape();
        return Optional.of(new ScaleGrid(source, tensor, 1, cols, 1))
                .filter(g -> shape.equals(new Shape(rows, 1)) || shape.equals(new Shape(rows)));
    }

    /** One number per rectangle; partial ones at the right and lower edge. */
    static Optional<ScaleGrid> blocks(
            TensorSource source, TensorInfo tensor, long rows, int cols, Fp8Config.Block block) {
        long groups = ceil(cols, block.cols());
        return Optional.of(new ScaleGrid(source, tensor, block.rows(), block.cols(), (int) groups))
                .filter(g -> tensor.shape().equals(new Shape(ceil(rows, block.rows()), groups)));
    }

    /** Reads the numbers of {@code n} rows, {@code [n][groups]}. */
    void read(long first, int n, float[] out) {
        long from = first / rowBlock;
        int lines = (int) ((first + n - 1) / rowBlock - from) + 1;
        float[] stored = new float[Math.multiplyExact(lines, groups)];
        Stored.floats(source, tensor, from * groups, stored, 0, stored.length);
        for (int row = 0; row < n; row++) {
            int line = (int) ((first + row) / rowBlock - from);
            System.arraycopy(stored, line * groups, out, row * groups, groups);
        }
    }
}
