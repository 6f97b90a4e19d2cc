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
import java.util.Optional;

/**
 * Rows of a stored tensor as f32, through one small buffer.
 */
final class WeightReader implements Source.Rows {
    private static final int BUFFER = 1 << 20;

    private final long rows;
    private final int cols;
    private final TensorInfo tensor;
    private final TensorSource source;
    private final NonFiniteGuard guard;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment buffer = arena.allocate(BUFFER, 64);

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
        this.guard = new NonFiniteGuard(rows, cols, policy);
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
        guard.check(n, out, this::decode, this::refusal);
    }

    @Override
    public Optional<StoredRows> stored() {
        return switch (tensor.dtype()) {
            case F32, F16, BF16 -> Optional.of(new AsStored(tensor, cols, source));
            default -> Optional.empty();
        };
    }

    private record AsStored(TensorInfo tensor, int cols, TensorSource source) implements StoredRows {
        @Override
        public DType type() {
            return tensor.dtype();
        }

        @Override
        public void read(long first, int n, MemorySegment out) {
            source.read(tensor, Math.multiplyExact(first, (long) cols * type().bytes()), out);
        }
    }

    private RuntimeException refusal(long index, String reason) {
        long at = tensor.offset() + index * tensor.dtype().bytes();
        return IngotException.BadData.tensor(tensor.file(), tensor.name(), at, reason);
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

    @Override
    public void close() {
        arena.close();
    }
}
