package ingot.formats.hf;

import ingot.formats.IngotException;
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
 *
 * The factors of FP8 blocks beside them, {@code P.experts.gate_up_proj_scale_inv} [E, 2I ÷ 128, H ÷ 128], are presented the same
 * way, as {@code P.experts.0.gate_proj.weight_scale_inv} and so on; the halves must begin at a block.
 */
public final class FusedExperts implements TensorSource {
    private static final String GATE_UP = ".experts.gate_up_proj";
    private static final String DOWN = ".experts.down_proj";

    /** Ends the names of factors. */
    private static final String FACTORS = "_scale_inv";

    /** No published layer has more than 512. */
    private static final long MAX_EXPERTS = 4096;

    /** Three matrices, and as many tensors of factors, of 60 layers of 512 experts, the most published, are 184,320. */
    private static final int MAX_SLICES = 6 << 15;

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
        return source.tensors().values().stream().anyMatch(t -> fused(t, source)) ? new FusedExperts(source) : source;
    }

    private static boolean fused(TensorInfo tensor, TensorSource source) {
        Shape shape = tensor.shape();
        if (shape.rank() != 3 || shape.count() == 0 || !halvesAtABlock(tensor, source)) {
            return false;
        }
        // A slice begins at a whole byte whatever the type.
        String name = weights(tensor.name());
        long parts = name.endsWith(GATE_UP) ? Math.multiplyExact(2, shape.dim(0)) : shape.dim(0);
        boolean halves = !name.endsWith(GATE_UP) || shape.dim(1) % 2 == 0;
        return (name.endsWith(GATE_UP) || name.endsWith(DOWN)) && halves && tensor.bytes() % parts == 0;
    }

    /** Whether the rows of factors, where a tensor is such, stand for a power of two of rows of the weights each. */
    private static boolean halvesAtABlock(TensorInfo tensor, TensorSource source) {
        if (!tensor.name().endsWith(FACTORS)) {
            return true;
        }
        TensorInfo weight = source.tensors().get(weights(tensor.name()));
        if (weight == null || weight.shape().rank() != 3) {
            return false;
        }
        long rows = weight.shape().dim(1);
        long factors = tensor.shape().dim(1);
        return !weights(tensor.name()).endsWith(GATE_UP) || (rows % factors == 0 && Long.bitCount(rows / factors) == 1);
    }

    /** The name of the weights that a tensor is, or belongs to. */
    private static String weights(String name) {
        return name.endsWith(FACTORS) ? name.substring(0, name.length() - FACTORS.length()) : name;
    }

    private void present(TensorInfo tensor) {
        if (!fused(tensor, source)) {
            tensors.put(tensor.name(), tensor);
            return;
        }
        boolean gateUp = weights(tensor.name()).endsWith(GATE_UP);
        String weight = tensor.name().endsWith(FACTORS) ? ".weight" + FACTORS : ".weight";
        String experts = tensor.name().substring(0, tensor.name().lastIndexOf('.') + 1);
        long count = tensor.shape().dim(0);
        long more = gateUp ? 2 * count : count;
        if (count > MAX_EXPERTS || slices.size() + more > MAX_SLICES) {
            throw IngotException.BadData.tensor(
                    tensor.file(),
                    tensor.name(),
                    tensor.offset(),
                    count + " experts; expected at most " + MAX_EXPERTS + " in a layer and " + MAX_SLICES
                            + " matrices in all");
        }
        long stride = tensor.bytes() / count;
        long rows = tensor.shape().dim(1);
        for (long e = 0; e < count; e++) {
            if (gateUp) {
                add(experts + e + ".gate_proj" + weight, tensor, rows / 2, e * stride, stride / 2);
                add(experts + e + ".up_proj" + weight, tensor, rows / 2, e * stride + stride / 2, stride / 2);
            } else {
                add(experts + e + ".down_proj" + weight, tensor, rows, e * stride, stride);
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
