package ingot.formats.quantized;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.Numbers;
import ingot.formats.Shape;
import ingot.formats.TensorInfo;
import ingot.formats.TensorSource;
import ingot.formats.Text;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Function;

/**
 * A quantized checkpoint seen as an ordinary one: every packed module has its {@code X.weight} as an F32 matrix [out, in],
 * computed when it is read; everything else is as it is stored. Reading holds about a megabyte (never less than a row) per
 * call and nothing between calls.
 */
public final class QuantizedSource implements TensorSource {
    /** Weights dequantized at a time. */
    private static final int STEP = 1 << 18;

    private final TensorSource stored;
    private final SequencedMap<String, Packed> packed;
    private final SequencedMap<String, TensorInfo> tensors;

    private QuantizedSource(
            TensorSource stored, SequencedMap<String, Packed> packed, SequencedMap<String, TensorInfo> tensors) {
        this.stored = stored;
        this.packed = packed;
        this.tensors = tensors;
    }

    /**
     * Finds the packed modules and checks that all their tensors are there and fit each other; reads group indices and zero
     * points, no weights.
     *
     * @param origin the configuration, named in errors
     * @throws IngotException.ConfigMismatch when a companion is missing or the configuration contradicts the tensors
     * @throws IngotException.BadData when tensors contradict each other
     */
    public static QuantizedSource of(TensorSource source, Quantization quantization, Path origin) {
        Stored stored = new Stored(source);
        SequencedMap<String, Packed> packed = new LinkedHashMap<>();
        switch (quantization) {
            case GptqConfig gptq -> add(stored, packed, ".qweight", m -> GptqMatrix.open(gptq, stored, m));
            case AwqConfig awq -> add(stored, packed, ".qweight", m -> AwqMatrix.open(awq, stored, m));
            case BitsAndBytesConfig(int bits)
            when bits == 4 -> add(stored, packed, ".weight.absmax", m -> Bnb4Matrix.open(stored, m));
            case BitsAndBytesConfig eight -> add(stored, packed, ".SCB", m -> Bnb8Matrix.open(stored, m));
            case CompressedConfig compressed -> {
                CompressedReader reader = new CompressedReader(compressed, stored);
                add(stored, packed, ".weight_packed", reader::packed);
                add(stored, packed, ".weight_scale", m -> reader.plain(m));
            }
            case Fp8Config fp8 -> {
                add(stored, packed, ".weight_scale_inv", m -> FloatMatrix.fp8(fp8, stored, m, ".weight_scale_inv"));
                add(stored, packed, ".weight_scale", m -> FloatMatrix.fp8(fp8, stored, m, ".weight_scale"));
            }
        }
        if (packed.isEmpty()) {
            throw IngotException.ConfigMismatch.in(
                    origin, "says quantized with " + quantization.label() + ", but no tensor is stored that way");
        }
        packed.keySet().forEach(name -> ofActivations(name).forEach(stored::find));
        requireFactors(stored);
        return new QuantizedSource(source, packed, view(stored, packed));
    }

    /** FP8 numbers that no factor was found for are not weights yet. */
    private static void requireFactors(Stored stored) {
        stored.source().tensors().values().stream()
                .filter(t -> t.dtype() == DType.F8_E4M3 || t.dtype() == DType.F8_E5M2)
                .filter(t -> t.shape().rank() > 1 && !stored.used().contains(t.name()))
                .findFirst()
                .ifPresent(t -> {
                    throw Stored.mismatch(t, t.dtype().label() + " without factors beside it that are understood");
                });
    }

    private static void add(
            Stored stored, SequencedMap<String, Packed> packed, String suffix, Function<String, Packed> open) {
        for (String module : stored.modules(suffix)) {
            if (!packed.containsKey(module + ".weight")) {
                packed.put(module + ".weight", open.apply(module));
            }
        }
    }

    /** Statistics of activations and caches beside a packed weight; the arithmetic here has no use for them. */
    private static java.util.List<String> ofActivations(String weight) {
        String module = weight.substring(0, weight.length() - ".weight".length());
        String parent = module.substring(0, module.lastIndexOf('.') + 1);
        return java.util.List.of(
                module + ".input_scale",
                module + ".input_zero_point",
                module + ".input_global_scale",
                module + ".output_scale",
                module + ".output_zero_point",
                module + ".activation_scale",
                parent + "k_scale",
                parent + "v_scale",
                parent + "q_scale");
    }

    private static SequencedMap<String, TensorInfo> view(Stored stored, SequencedMap<String, Packed> packed) {
        Map<String, String> byCodes = new LinkedHashMap<>();
        packed.forEach((name, matrix) -> byCodes.put(matrix.codes().name(), name));
        SequencedMap<String, TensorInfo> view = new LinkedHashMap<>();
        stored.source().tensors().forEach((name, tensor) -> {
            String virtual = byCodes.get(name);
            if (virtual != null) {
                put(view, virtual(virtual, Objects.requireNonNull(packed.get(virtual))));
            } else if (!stored.used().contains(name)) {
                put(view, tensor);
            }
        });
        return Collections.unmodifiableSequencedMap(view);
    }

    private static void put(SequencedMap<String, TensorInfo> view, TensorInfo tensor) {
        if (view.put(tensor.name(), tensor) != null) {
            throw IngotException.BadData.tensor(
                    tensor.file(), tensor.name(), tensor.offset(), "is stored both quantized and as it is");
        }
    }

    private static TensorInfo virtual(String name, Packed matrix) {
        TensorInfo codes = matrix.codes();
        Shape shape = new Shape(matrix.rows(), matrix.cols());
        long bytes = Math.multiplyExact(shape.count(), (long) Float.BYTES);
        return new TensorInfo(name, DType.F32, shape, codes.file(), codes.offset(), bytes);
    }

    /** The matrix behind a tensor of {@link #tensors}; empty where it is stored as it is. */
    public Optional<Packed> packed(String name) {
        return Optional.ofNullable(packed.get(name));
    }

    @Override
    public SequencedMap<String, TensorInfo> tensors() {
        return tensors;
    }

    @Override
    public void read(TensorInfo tensor, long byteOffset, MemorySegment destination) {
        Packed matrix = packed.get(tensor.name());
        if (matrix == null) {
            stored.read(tensor, byteOffset, destination);
            return;
        }
        long end = byteOffset + destination.byteSize();
        Objects.checkFromIndexSize(byteOffset, destination.byteSize(), tensor.bytes());
        long line = (long) matrix.cols() * Float.BYTES;
        int step = Math.max(1, STEP / matrix.cols());
        int most = (int) Math.min(step, Stored.ceil(end, line) - byteOffset / line);
        float[] weights = new float[Math.multiplyExact(most, matrix.cols())];
        MemorySegment bytes = MemorySegment.ofArray(new byte[Math.multiplyExact(weights.length, Float.BYTES)]);
        for (long at = byteOffset; at < end; ) {
            long row = at / line;
            int n = (int) Math.min(step, Stored.ceil(end, line) - row);
            matrix.decode(row, n, weights);
            MemorySegment.copy(weights, 0, bytes, Numbers.LE_FLOAT, 0, n * matrix.cols());
            long until = Math.min(end, (row + n) * line);
            MemorySegment.copy(bytes, at - row * line, destination, at - byteOffset, until - at);
            at = until;
        }
    }

    @Override
    public String toString() {
        return "quantized " + Text.quote(stored.toString());
    }

    @Override
    public void close() {
        stored.close();
    }
}
