package ingot.formats.hf;

import ingot.formats.Shape;
import ingot.formats.TensorInfo;
import ingot.formats.TensorSource;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/**
 * Presents the experts of a layer that are stored as one tensor as if each were stored on its own, under the names of the
 * checkpoints that do so. Rows are contiguous, so every expert is a slice of the stored bytes and nothing is copied.
 *
 * <pre>
 * P.experts.gate_up_proj [E, 2I, H] → P.experts.0.gate_proj.weight [I, H] (rows 0 … I−1), P.experts.0.up_proj.weight (rows I …), …
 * P.experts.down_proj    [E, H, I]  → P.experts.0.down_proj.weight [H, I], …
 * </pre>
 */
public final class FusedExperts implements TensorSource {
    private static final String GATE_UP = ".experts.gate_up_proj";
    private static final String DOWN = ".experts.down_proj";

    private final TensorSource source;
    private final SequencedMap<String, TensorInfo> tensors = new LinkedHashMap<>();
    private final SequencedMap<String, Slice> slices = new LinkedHashMap<>();

    /**
     * Where a presented tensor lies.
     *
     * @param start its first byte within {@code stored}
     */
    private record Slice(TensorInfo stored, long start) {}

    private FusedExperts(TensorSource source) {
        this.source = source;
        source.tensors().values().forEach(this::present);
    }

    /** {@code source} itself where nothing is fused; otherwise a view that closes it. */
    public static TensorSource unfold(TensorSource source) {
        return source.tensors().values().stream().anyMatch(FusedExperts::fused) ? new FusedExperts(source) : source;
    }

    private static boolean fused(TensorInfo tensor) {
        Shape shape = tensor.shape();
        if (shape.rank() != 3 || shape.count() == 0) {
            return false;
        }
        // A slice begins at a whole byte whatever the type.
        long parts = tensor.name().endsWith(GATE_UP) ? Math.multiplyExact(2, shape.dim(0)) : shape.dim(0);
        boolean halves = !tensor.name().endsWith(GATE_UP) || shape.dim(1) % 2 == 0;
        return (tensor.name().endsWith(GATE_UP) || tensor.name().endsWith(DOWN))
                && halves
                && tensor.bytes() % parts == 0;
    }

    private void present(TensorInfo tensor) {
        if (!fused(tensor)) {
            tensors.put(tensor.name(), tensor);
            return;
        }
        boolean gateUp = tensor.name().endsWith(GATE_UP);
        String experts = tensor.name().substring(0, tensor.name().lastIndexOf('.') + 1);
        long count = tensor.shape().dim(0);
        long stride = tensor.bytes() / count;
        long rows = tensor.shape().dim(1);
        for (long e = 0; e < count; e++) {
            if (gateUp) {
                add(experts + e + ".gate_proj.weight", tensor, rows / 2, e * stride, stride / 2);
                add(experts + e + ".up_proj.weight", tensor, rows / 2, e * stride + stride / 2, stride / 2);
            } else {
                add(experts + e + ".down_proj.weight", tensor, rows, e * stride, stride);
            }
        }
    }

    private void add(String name, TensorInfo stored, long rows, long start, long bytes) {
        Shape shape = new Shape(rows, stored.shape().cols());
        long offset = Math.addExact(stored.offset(), start);
        tensors.put(name, new TensorInfo(name, stored.dtype(), shape, stored.file(), offset, bytes));
        slices.put(name, new Slice(stored, start));
    }

    @Override
    public SequencedMap<String, TensorInfo> tensors() {
        return Collections.unmodifiableSequencedMap(tensors);
    }

    @Override
    public void read(TensorInfo tensor, long byteOffset, MemorySegment destination) {
        Slice slice = slices.get(tensor.name());
        if (slice == null) {
            source.read(tensor, byteOffset, destination);
        } else {
            source.read(slice.stored(), Math.addExact(slice.start(), byteOffset), destination);
        }
    }

    @Override
    public void close() {
        source.close();
    }
}
