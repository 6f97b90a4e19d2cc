package ingot.quant;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.Numbers;
import ingot.formats.TensorInfo;
import ingot.formats.TensorSource;
import ingot.formats.Text;
import ingot.runtime.model.WeightSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Rows of a stored tensor as f32, through one small buffer. NaN and infinities are counted as they pass; a scheme may
 * read rows twice, so the count is of the first pass.
 */
final class WeightReader implements Source.Rows {
    private static final int BUFFER = 1 << 20;

    private final long rows;
    private final int cols;
    private final TensorInfo tensor;
    private final TensorSource source;
    private final NonFinite policy;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment buffer = arena.allocate(BUFFER, 64);
    private long checkedRows;
    private long nonFinite;
    private long firstNonFinite;

    /** What happens to NaN and infinities. */
    enum NonFinite {
        /** The tensor is refused. */
        REFUSE,
        /** They are kept: the type can hold them. */
        KEEP,
        /** NaN becomes 0, an infinity the row's largest finite magnitude: integers cannot hold them. */
        REPLACE
    }

    WeightReader(WeightSpec weight, TensorInfo tensor, TensorSource source, NonFinite policy) {
        this.rows = weight.shape().rows();
        this.cols = weight.cols();
        this.tensor = tensor;
        this.source = source;
        this.policy = policy;
    }

    @Override
    public String origin() {
        return Text.path(tensor.file()) + ": tensor " + Text.quote(tensor.name()) + " @" + tensor.offset();
    }

    @Override
    public long rows() {
        return rows;
    }

    @Override
    public int cols() {
        return cols;
    }

    @Override
    public void read(long first, int n, float[] out) {
        decode(first, n, out);
        if (first >= checkedRows) {
            checkedRows = first + n;
            countNonFinite(Math.multiplyExact(first, (long) cols), n * cols, out);
        }
        if (policy == NonFinite.REFUSE && nonFinite > 0) {
            refuse(first + n, out);
        }
        if (policy == NonFinite.REPLACE && nonFinite > 0) {
            for (int row = 0; row < n; row++) {
                replace(out, row * cols);
            }
        }
    }

    private void decode(long first, int n, float[] out) {
        DType type = tensor.dtype();
        int width = type.bytes();
        int step = BUFFER / width;
        int count = Math.multiplyExact(n, cols);
        long from = Math.multiplyExact(first, (long) cols);
        for (int at = 0; at < count; at += step) {
            int m = Math.min(step, count - at);
            MemorySegment slice = buffer.asSlice(0, (long) m * width);
            source.read(tensor, (from + at) * width, slice);
            Numbers.toF32(type, slice, 0, out, at, m);
        }
    }

    private void countNonFinite(long from, int count, float[] w) {
        for (int i = 0; i < count; i++) {
            if (!Float.isFinite(w[i])) {
                if (nonFinite++ == 0) {
                    firstNonFinite = from + i;
                }
            }
        }
    }

    private void replace(float[] w, int from) {
        float max = 0;
        for (int i = from; i < from + cols; i++) {
            if (Float.isFinite(w[i])) {
                max = Math.max(max, Math.abs(w[i]));
            }
        }
        for (int i = from; i < from + cols; i++) {
            if (Float.isNaN(w[i])) {
                w[i] = 0;
            } else if (Float.isInfinite(w[i])) {
                w[i] = Math.copySign(max, w[i]);
            }
        }
    }

    /** NaN and infinities met. */
    long nonFinite() {
        return nonFinite;
    }

    /** Counts to the end of the tensor, so that the message says how many there are, then refuses it. */
    private void refuse(long nextRow, float[] scratch) {
        int perStep = Math.max(1, scratch.length / cols);
        for (long row = nextRow; row < rows; row += perStep) {
            int n = (int) Math.min(perStep, rows - row);
            decode(row, n, scratch);
            countNonFinite(Math.multiplyExact(row, (long) cols), n * cols, scratch);
        }
        throw IngotException.BadData.tensor(
                tensor.file(),
                tensor.name(),
                tensor.offset() + firstNonFinite * tensor.dtype().bytes(),
                nonFinite + " weights are NaN or infinite, the first at index " + firstNonFinite
                        + "; --allow-nonfinite converts it all the same");
    }

    @Override
    public void close() {
        arena.close();
    }
}
