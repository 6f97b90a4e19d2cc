package ingot.quant;

import ingot.formats.IngotException;
import ingot.formats.TensorInfo;
import ingot.formats.Text;
import ingot.formats.hf.ModelConfigs;
import ingot.formats.ingot.IngotFile;
import ingot.formats.ingot.StoredTensor;
import ingot.formats.io.InputFile;
import ingot.formats.tokenizer.TokenizerData;
import ingot.runtime.model.ModelGraph;
import ingot.runtime.model.WeightSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import tools.jackson.databind.node.ObjectNode;

/**
 * Another .ingot file. Its weights are what it stores: quantizing them again adds to the error they have.
 *
 * @param verified physical tensors whose checksums were compared
 */
record IngotSource(IngotFile file, ModelGraph graph, Arena arena, MemorySegment mapping, Set<String> verified)
        implements Source {
    static IngotSource open(Path path) {
        IngotFile file = IngotFile.open(path);
        Arena arena = Arena.ofShared();
        try {
            ModelGraph graph = ModelGraph.of(ModelConfigs.read(file.manifest().config(), path));
            IngotSource source = new IngotSource(file, graph, arena, file.map(arena), ConcurrentHashMap.newKeySet());
            graph.weights().forEach(source::stored);
            return source;
        } catch (RuntimeException | Error e) {
            arena.close();
            file.close();
            throw e;
        }
    }

    @Override
    public ObjectNode config() {
        return file.manifest().config();
    }

    @Override
    public Optional<ObjectNode> generationConfig() {
        return file.manifest().generationConfig();
    }

    @Override
    public Optional<TokenizerData> tokenizer() {
        return file.verifiedTokenizer();
    }

    @Override
    public List<InputFile> files() {
        return List.of(file.physical().input());
    }

    @Override
    public List<String> warnings() {
        return List.of();
    }

    @Override
    public String storedType(WeightSpec weight) {
        return stored(weight).layout().describe();
    }

    private StoredTensor stored(WeightSpec weight) {
        StoredTensor tensor = file.tensor(weight.name())
                .orElseThrow(() -> IngotException.ConfigMismatch.in(
                        file.path(), "tensor '" + weight.name() + "' is missing; expected shape " + weight.shape()));
        if (!tensor.shape().equals(weight.shape())) {
            throw IngotException.ConfigMismatch.in(
                    file.path(),
                    "tensor '" + weight.name() + "' has shape " + tensor.shape() + ", its config asks for "
                            + weight.shape());
        }
        return tensor;
    }

    /** Once: calibration reads a few rows at a time, again and again. */
    private void verify(String physicalName) {
        if (!verified.contains(physicalName)) {
            file.verify(physicalName);
            verified.add(physicalName);
        }
    }

    @Override
    public Rows rows(WeightSpec weight, WeightReader.NonFinite policy) {
        StoredTensor tensor = stored(weight);
        tensor.parts().forEach(this::verify);
        List<MemorySegment> parts = file.parts(tensor, mapping);
        NonFiniteGuard guard = new NonFiniteGuard(weight.shape().rows(), weight.cols(), policy);
        return new Rows() {
            @Override
            public String origin() {
                TensorInfo first = file.physicalTensor(tensor.parts().getFirst());
                return Text.path(file.path()) + ": tensor " + Text.quote(weight.name()) + " @" + first.offset();
            }

            @Override
            public long rows() {
                return weight.shape().rows();
            }

            @Override
            public int cols() {
                return weight.cols();
            }

            @Override
            public void read(long first, int n, float[] out) {
                decode(first, n, out);
                guard.check(
                        n, out, this::decode, (index, reason) -> new IngotException.BadData(origin() + ": " + reason));
            }

            private void decode(long first, int n, float[] out) {
                try {
                    for (int i = 0; i < n; i++) {
                        tensor.layout().decodeRow(rows(), cols(), parts, first + i, out, i * cols());
                    }
                } catch (InternalError e) {
                    // How the JVM reports a mapped page that is not there any more.
                    throw new IngotException.ReadWrite(origin() + ": the file ended or failed while it was read", e);
                }
            }

            @Override
            public void close() {}
        };
    }

    @Override
    public void close() {
        arena.close();
        file.close();
    }
}
