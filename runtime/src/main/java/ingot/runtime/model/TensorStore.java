package ingot.runtime.model;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.Numbers;
import ingot.formats.TensorInfo;
import ingot.formats.TensorSource;
import ingot.formats.block.Dense;
import ingot.runtime.WeightInfo;
import ingot.runtime.kernel.Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import java.util.SequencedMap;

/**
 * Weights of a checkpoint as they are stored, read once into memory outside the heap: F32, F16 and BF16 as they are,
 * everything else widened to f32.
 */
public final class TensorStore implements WeightStore {
    /** Cache line, and the widest vector. */
    private static final int ALIGNMENT = 64;

    private static final int BLOCK_BYTES = 1 << 20;

    private final TensorSource source;
    private final SequencedMap<WeightSpec, TensorInfo> binding;
    private final Arena arena = Arena.ofShared();

    private TensorStore(TensorSource source, SequencedMap<WeightSpec, TensorInfo> binding) {
        this.source = source;
        this.binding = binding;
    }

    /**
     * Checks the tensors against the graph; reads nothing yet. {@code source} stays open and belongs to the caller; it is
     * not needed any more once every weight was asked for.
     */
    public static TensorStore open(ModelGraph graph, TensorSource source, Path origin) {
        return new TensorStore(source, WeightBinding.bind(graph, source, origin));
    }

    @Override
    public Matrix matrix(WeightSpec spec) {
        TensorInfo tensor = tensor(spec);
        DType kept = kept(tensor.dtype());
        MemorySegment memory = allocate(spec.shape().count() * kept.bytes(), spec);
        if (kept == tensor.dtype()) {
            for (long at = 0; at < tensor.bytes(); at += BLOCK_BYTES) {
                source.read(tensor, at, memory.asSlice(at, Math.min(BLOCK_BYTES, tensor.bytes() - at)));
            }
        } else {
            widen(tensor, memory);
        }
        return new Matrix(new Dense(kept), spec.rows(), spec.cols(), List.of(memory));
    }

    @Override
    public float[] vector(WeightSpec spec) {
        TensorInfo tensor = tensor(spec);
        float[] values = new float[spec.length()];
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment bytes =
                    scratch.allocate(Math.max(1, tensor.bytes()), 8).asSlice(0, tensor.bytes());
            source.read(tensor, 0, bytes);
            Numbers.toF32(tensor.dtype(), bytes, 0, values, 0, values.length);
        }
        return values;
    }

    @Override
    public WeightInfo info(WeightSpec spec) {
        DType kept = spec.role().matrix() ? kept(tensor(spec).dtype()) : DType.F32;
        return new WeightInfo(
                spec.name(),
                new Dense(kept).describe(),
                spec.shape(),
                spec.shape().count() * kept.bytes(),
                OptionalDouble.empty());
    }

    private void widen(TensorInfo tensor, MemorySegment memory) {
        int width = tensor.dtype().bytes();
        int step = BLOCK_BYTES / Math.max(width, Float.BYTES);
        float[] values = new float[step];
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment bytes = scratch.allocate((long) step * width, 8);
            long count = tensor.shape().count();
            for (long at = 0; at < count; at += step) {
                int n = (int) Math.min(step, count - at);
                MemorySegment block = bytes.asSlice(0, (long) n * width);
                source.read(tensor, at * width, block);
                Numbers.toF32(tensor.dtype(), block, 0, values, 0, n);
                MemorySegment.copy(values, 0, memory, Numbers.LE_FLOAT, at * Float.BYTES, n);
            }
        }
    }

    private MemorySegment allocate(long bytes, WeightSpec spec) {
        try {
            return arena.allocate(bytes, ALIGNMENT);
        } catch (OutOfMemoryError e) {
            throw new IngotException.OutOfResources("no memory for " + bytes + " bytes of tensor " + spec.name()
                    + ": convert the model to a smaller type");
        }
    }

    private TensorInfo tensor(WeightSpec spec) {
        TensorInfo tensor = binding.get(spec);
        if (tensor == null) {
            throw new IllegalArgumentException(spec.name() + " is not part of this model");
        }
        return tensor;
    }

    private static DType kept(DType stored) {
        return switch (stored) {
            case F32, F16, BF16 -> stored;
            default -> DType.F32;
        };
    }

    @Override
    public void close() {
        arena.close();
    }
}
