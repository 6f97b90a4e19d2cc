package ingot.runtime;

import ingot.formats.IngotException;
import ingot.formats.TensorSource;
import ingot.formats.Text;
import ingot.formats.hf.GenerationDefaults;
import ingot.formats.hf.HfFolder;
import ingot.formats.hf.ModelConfig;
import ingot.formats.hf.ModelConfigs;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.model.ModelGraph;
import ingot.runtime.model.ModelWeights;
import ingot.runtime.model.TensorStore;
import ingot.runtime.model.WeightSpec;
import ingot.runtime.model.WeightStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A model ready to run: weights, configuration, kernels. Thread-safe; every conversation takes its own
 * {@link #newSession}. Close the sessions first, then the model: closing unmaps the weights.
 */
public final class Model implements AutoCloseable {
    private final WeightStore store;
    private final ModelWeights weights;
    private final Kernels kernels;
    private final ModelInfo info;
    private final GenerationDefaults generationDefaults;
    private final int maxPositions;
    private final AtomicBoolean closed = new AtomicBoolean();

    private Model(WeightStore store, ModelWeights weights, Kernels kernels, Description description) {
        this.store = store;
        this.weights = weights;
        this.kernels = kernels;
        this.info = description.info();
        this.generationDefaults = description.generationDefaults();
        this.maxPositions = description.maxPositions();
    }

    private record Description(ModelInfo info, GenerationDefaults generationDefaults, int maxPositions) {}

    /** Opens with {@link ModelOptions#defaults()}. */
    public static Model open(Path path) {
        return open(path, ModelOptions.defaults());
    }

    /**
     * @param path an {@code .ingot} file, or a Hugging Face model folder (run as stored, without quantization)
     * @throws IngotException.MissingInput when something is not there
     * @throws IngotException.BadData when a file breaks its format
     * @throws IngotException.ConfigMismatch for an unsupported architecture, or tensors that contradict the configuration
     * @throws IngotException.OutOfResources when memory does not suffice
     */
    public static Model open(Path path, ModelOptions options) {
        if (!Files.exists(path)) {
            throw new IngotException.MissingInput(Text.path(path) + ": no such file or folder");
        }
        return openFolder(path, options);
    }

    private static Model openFolder(Path path, ModelOptions options) {
        try (HfFolder folder = HfFolder.open(path)) {
            Path origin = folder.folder().resolve("config.json");
            ModelConfig config = ModelConfigs.read(folder.config(), origin);
            ModelGraph graph = ModelGraph.of(config);
            TensorStore store = TensorStore.open(graph, folder.weights(), origin);
            return build(
                    graph, store, GenerationDefaults.read(folder.generationConfig(), folder.config()), options);
        }
    }

    private static Model build(
            ModelGraph graph, WeightStore store, GenerationDefaults generationDefaults, ModelOptions options) {
        try {
            Kernels kernels = Kernels.create(options.backend(), options.vectorBits(), options.threads());
            try {
                ModelWeights weights = ModelWeights.load(graph, store);
                ModelInfo info = describe(graph, store, kernels);
                int limit = options.maxPositions() > 0
                        ? options.maxPositions()
                        : (int) Math.clamp(4L * info.contextLength(), 4096, Integer.MAX_VALUE);
                return new Model(store, weights, kernels, new Description(info, generationDefaults, limit));
            } catch (RuntimeException | Error e) {
                kernels.close();
                throw e;
            }
        } catch (RuntimeException | Error e) {
            store.close();
            throw e;
        }
    }

    private static ModelInfo describe(ModelGraph graph, WeightStore store, Kernels kernels) {
        List<WeightInfo> infos = graph.weights().stream().map(store::info).toList();
        List<String> types = graph.weights().stream()
                .filter(w -> w.role() == WeightSpec.Role.LINEAR)
                .map(w -> store.info(w).type())
                .distinct()
                .toList();
        String type = types.size() == 1 ? types.getFirst() : "mixed";
        return new ModelInfo(
                graph.config(), graph.parameters(), type, kernels.label(), kernels.threads(), infos);
    }

    public ModelInfo info() {
        return info;
    }

    /** What generation_config.json says. */
    public GenerationDefaults generationDefaults() {
        return generationDefaults;
    }

    /** A new, empty conversation. */
    public Session newSession() {
        if (closed()) {
            throw new IllegalStateException("the model is closed");
        }
        return new Session(this, weights.newDecoder(kernels), maxPositions);
    }

    /** Golden logits stored with the model, if any. */
    public Optional<TensorSource> goldenSource() {
        return Optional.empty();
    }

    boolean closed() {
        return closed.get();
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            kernels.close();
            store.close();
        }
    }
}
