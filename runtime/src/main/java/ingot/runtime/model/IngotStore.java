package ingot.runtime.model;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.block.Dense;
import ingot.formats.ingot.IngotFile;
import ingot.formats.ingot.StoredTensor;
import ingot.runtime.ModelOptions.Loading;
import ingot.runtime.WeightInfo;
import ingot.runtime.kernel.Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.OptionalDouble;

/**
 * Weights of an .ingot file, mapped (the kernels read the file's own bytes) or copied. Closes the file and frees the
 * memory.
 */
public final class IngotStore implements WeightStore {
    private final IngotFile file;
    private final Arena arena;
    private final MemorySegment mapping;
    private final Loading loading;

    private IngotStore(IngotFile file, Arena arena, Loading loading) {
        this.file = file;
        this.arena = arena;
        this.mapping = switch (loading) {
            case MAPPED -> file.map(arena);
            case COPIED -> file.copy(arena);
        };
        this.loading = loading;
    }

    /**
     * Checks the manifest against the graph and maps or copies the file, which belongs to the store from then on.
     *
     * @throws IngotException.ConfigMismatch when a weight is missing or has another shape than the configuration asks for
     */
    public static IngotStore open(ModelGraph graph, IngotFile file, Loading loading) {
        graph.weights().forEach(spec -> check(spec, file));
        Arena arena = Arena.ofShared();
        try {
            return new IngotStore(file, arena, loading);
        } catch (RuntimeException | Error e) {
            arena.close();
            throw e;
        }
    }

    private static void check(WeightSpec spec, IngotFile file) {
        StoredTensor tensor = stored(spec, file);
        if (!tensor.shape().equals(spec.shape())) {
            throw mismatch(
                    spec,
                    file,
                    "shape " + tensor.shape() + " contradicts its config.json, which asks for " + spec.shape());
        }
        if (!spec.role().matrix() && !(tensor.layout() instanceof Dense)) {
            throw mismatch(
                    spec, file, "a vector stored as " + tensor.layout().describe() + "; expected f32, f16 or bf16");
        }
    }

    private static StoredTensor stored(WeightSpec spec, IngotFile file) {
        return file.tensor(spec.name())
                .orElseThrow(() -> mismatch(spec, file, "missing; expected shape " + spec.shape()));
    }

    private static IngotException.ConfigMismatch mismatch(WeightSpec spec, IngotFile file, String reason) {
        return IngotException.ConfigMismatch.in(file.path(), "tensor " + Text.quote(spec.name()) + ": " + reason);
    }

    @Override
    public Matrix matrix(WeightSpec spec) {
        StoredTensor tensor = stored(spec, file);
        return new Matrix(tensor.layout(), spec.rows(), spec.cols(), file.parts(tensor, mapping));
    }

    @Override
    public float[] vector(WeightSpec spec) {
        StoredTensor tensor = stored(spec, file);
        float[] values = new float[spec.length()];
        tensor.layout().decodeRow(1, spec.length(), file.parts(tensor, mapping), 0, values, 0);
        return values;
    }

    @Override
    public WeightInfo info(WeightSpec spec) {
        StoredTensor tensor = stored(spec, file);
        return new WeightInfo(
                spec.name(),
                tensor.layout().describe(),
                spec.shape(),
                tensor.layout().bytes(tensor.shape().rows(), tensor.shape().cols()),
                OptionalDouble.of(tensor.nmse()));
    }

    /** One look at the file's length and time, some microseconds. */
    @Override
    public void requireIntact() {
        if (loading == Loading.MAPPED) {
            file.requireIntact();
        }
    }

    @Override
    public void requireReadable() {
        if (loading == Loading.MAPPED) {
            file.requireLength();
        }
    }

    @Override
    public void close() {
        try {
            arena.close();
        } finally {
            file.close();
        }
    }
}
