package ingot.runtime.model;

import ingot.formats.TensorInfo;
import ingot.formats.gguf.GgmlType;
import ingot.formats.gguf.GgufModel;
import ingot.runtime.WeightInfo;
import ingot.runtime.kernel.Matrix;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Weights of GGUF files, read once into memory outside the heap: plain numbers as they are, blocks widened to f32. What they
 * were stored as stays known, for it says how exact they can be.
 */
public final class GgufStore implements WeightStore {
    private final TensorStore memory;
    private final Map<WeightSpec, GgmlType> types;

    private GgufStore(TensorStore memory, Map<WeightSpec, GgmlType> types) {
        this.memory = memory;
        this.types = types;
    }

    /** Checks the tensors against the graph; reads nothing yet. {@code model} belongs to the caller, as in {@link TensorStore}. */
    public static GgufStore open(ModelGraph graph, GgufModel model, Path origin) {
        Map<WeightSpec, GgmlType> types = new HashMap<>();
        for (var bound :
                WeightBinding.bind(graph, model.tensors().tensors(), origin).entrySet()) {
            TensorInfo tensor = bound.getValue();
            types.put(bound.getKey(), model.storedType(tensor));
        }
        return new GgufStore(TensorStore.open(graph, model.tensors(), origin), types);
    }

    @Override
    public Matrix matrix(WeightSpec spec) {
        return memory.matrix(spec);
    }

    @Override
    public float[] vector(WeightSpec spec) {
        return memory.vector(spec);
    }

    /** Blocks are called by their type and what they are in memory, for example {@code q4_k as f32}. */
    @Override
    public WeightInfo info(WeightSpec spec) {
        WeightInfo info = memory.info(spec);
        GgmlType type = types.get(spec);
        return type == null || type.blockWeights() == 1
                ? info
                : new WeightInfo(
                        info.name(),
                        type.name().toLowerCase(Locale.ROOT) + " as " + info.type(),
                        info.shape(),
                        info.bytes(),
                        info.nmse());
    }

    @Override
    public void close() {
        memory.close();
    }
}
