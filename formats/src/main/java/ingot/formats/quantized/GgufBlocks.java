package ingot.formats.quantized;

import ingot.formats.Numbers;
import ingot.formats.TensorInfo;
import ingot.formats.block.Layout;
import ingot.formats.gguf.GgufModel;
import java.lang.foreign.MemorySegment;
import java.util.Locale;
import java.util.Optional;

/**
 * A matrix in GGUF blocks that are more than integers and a scale: minima, scales of scales.
 *
 * @param codes the tensor of {@code model}
 */
public record GgufBlocks(GgufModel model, TensorInfo codes) implements Packed {
    /** The matrix behind a tensor of a model; empty where it is stored as plain numbers. */
    public static Optional<Packed> of(GgufModel model, TensorInfo tensor) {
        var type = model.storedType(tensor);
        if (type.blockWeights() == 1 || tensor.shape().rank() != 2) {
            return Optional.empty();
        }
        return Optional.of(type.integers()
                .<Packed>map(bounds -> new GgufIntegers(model, tensor, bounds))
                .orElseGet(() -> new GgufBlocks(model, tensor)));
    }

    @Override
    public long rows() {
        return codes.shape().rows();
    }

    @Override
    public int cols() {
        return Math.toIntExact(codes.shape().cols());
    }

    @Override
    public void decode(long first, int n, float[] out) {
        int count = Math.multiplyExact(n, cols());
        MemorySegment bytes = MemorySegment.ofArray(new byte[Math.multiplyExact(count, Float.BYTES)]);
        model.tensors().read(codes, first * cols() * Float.BYTES, bytes);
        MemorySegment.copy(bytes, Numbers.LE_FLOAT, 0, out, 0, count);
    }

    @Override
    public Optional<Layout> natural() {
        return Optional.empty();
    }

    @Override
    public String describe() {
        return name(model, codes);
    }

    static String name(GgufModel model, TensorInfo tensor) {
        return model.storedType(tensor).name().toLowerCase(Locale.ROOT);
    }
}
