package ingot.runtime;

import ingot.formats.IngotException;
import ingot.formats.TensorSource;
import ingot.formats.Text;
import ingot.formats.gguf.GgufFile;
import ingot.formats.gguf.GgufModel;
import ingot.formats.hf.GenerationDefaults;
import ingot.formats.hf.GgufPath;
import ingot.formats.hf.HfFolder;
import ingot.formats.hf.ModelConfigs;
import ingot.formats.ingot.IngotFile;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.kv.KvType;
import ingot.runtime.model.GgufStore;
import ingot.runtime.model.IngotStore;
import ingot.runtime.model.ModelGraph;
import ingot.runtime.model.ModelWeights;
import ingot.runtime.model.SequenceMemory;
import ingot.runtime.model.TensorStore;
import ingot.runtime.model.WeightSpec;
import ingot.runtime.model.WeightStore;
import ingot.runtime.template.ChatTemplate;
import ingot.runtime.tokenizer.Tokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import tools.jackson.databind.node.ObjectNode;

/**
 * A model ready to run: weights, configuration, kernels. Thread-safe; every conversation takes its own
 * {@link #newSession}. Close the sessions first, then the model: closing unmaps the weights.
 */
public final class Model implements AutoCloseable {
    private static final int CLOSED = -1;

    private final WeightStore store;
    private final ModelWeights weights;
    private final Kernels kernels;
    private final ModelInfo info;
    private final Extras extras;
    private final int maxPositions;

    /** Calls of sessions that are under way, or {@link #CLOSED}. */
    private final AtomicInteger calls = new AtomicInteger();

    private Model(Loaded loaded, ModelInfo info, Kernels kernels, Extras extras, int maxPositions) {
        this.store = loaded.store();
        this.weights = loaded.weights();
        this.info = info;
        this.kernels = kernels;
        this.extras = extras;
        this.maxPositions = maxPositions;
    }

    /** The part that computes. */
    private record Loaded(ModelGraph graph, WeightStore store, ModelWeights weights) {}

    /** What else came with the weights. */
    private record Extras(GenerationDefaults generationDefaults, TextParts text, Optional<TensorSource> golden) {}

    /** Opens with {@link ModelOptions#defaults()}. */
    public static Model open(Path path) {
        return open(path, ModelOptions.defaults());
    }

    /**
     * @param given an {@code .ingot} file, a Hugging Face model folder (run as stored, without quantization), or a GGUF
     *     file or the folder of one (weights in blocks are widened to f32 in memory; convert the file to run it small)
     * @throws IngotException.MissingInput when something is not there
     * @throws IngotException.BadData when a file breaks its format
     * @throws IngotException.ConfigMismatch for an unsupported architecture, or tensors that contradict the configuration
     * @throws IngotException.OutOfResources when memory does not suffice
     */
    public static Model open(Path given, ModelOptions options) {
        if (!Files.exists(given)) {
            throw new IngotException.MissingInput(Text.path(given) + ": no such file or folder");
        }
        Path path = GgufPath.resolve(given);
        if (GgufFile.recognises(path)) {
            return openGguf(path, options);
        }
        Optional<IngotFile> file = IngotFile.openIfRecognised(path);
        return file.isPresent() ? openIngot(file.get(), path, options) : openFolder(path, options);
    }

    private static Model openGguf(Path path, ModelOptions options) {
        try (GgufModel file = GgufModel.open(path)) {
            ModelGraph graph = ModelGraph.of(ModelConfigs.read(file.config(), path));
            WeightStore store = GgufStore.open(graph, file, path);
            var defaults = GenerationDefaults.read(file.generationConfig(), file.config());
            return build(graph, store, new Extras(defaults, TextParts.of(file), Optional.empty()), options);
        }
    }

    private static Model openIngot(IngotFile file, Path path, ModelOptions options) {
        try {
            ObjectNode json = file.manifest().config();
            ModelGraph graph = ModelGraph.of(ModelConfigs.read(json, path));
            WeightStore store = IngotStore.open(graph, file, options.loading());
            var defaults = GenerationDefaults.read(file.manifest().generationConfig(), json);
            return build(graph, store, new Extras(defaults, TextParts.of(file), EmbeddedGolden.of(file)), options);
        } catch (RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    private static Model openFolder(Path path, ModelOptions options) {
        try (HfFolder folder = HfFolder.open(path)) {
            Path origin = folder.folder().resolve("config.json");
            ModelGraph graph = ModelGraph.of(ModelConfigs.read(folder.config(), origin));
            WeightStore store = TensorStore.open(graph, folder.weights(), origin);
            var defaults = GenerationDefaults.read(folder.generationConfig(), folder.config());
            return build(graph, store, new Extras(defaults, TextParts.of(folder), Optional.empty()), options);
        }
    }

    /** Takes over the store, and closes it when anything fails. */
    private static Model build(ModelGraph graph, WeightStore store, Extras extras, ModelOptions options) {
        try {
            Loaded loaded = new Loaded(graph, store, ModelWeights.load(graph, store));
            int longest = graph.config().rope().longest();
            if (options.maxPositions() > longest) {
                throw new IngotException.Usage(options.maxPositions() + " positions: dual chunk attention is not"
                        + " supported, so this model takes at most " + longest);
            }
            int automatic =
                    Math.min(longest, (int) Math.clamp(4L * graph.config().maxPositions(), 4096, Integer.MAX_VALUE));
            int maxPositions = options.maxPositions() > 0 ? options.maxPositions() : automatic;
            Kernels kernels = Kernels.create(options.backend(), options.vectorBits(), options.threads());
            ModelInfo info = describe(loaded, kernels, options.kvCache());
            return new Model(loaded, info, kernels, extras, maxPositions);
        } catch (RuntimeException | Error e) {
            store.close();
            throw e;
        }
    }

    private static ModelInfo describe(Loaded loaded, Kernels kernels, KvType kvCache) {
        ModelGraph graph = loaded.graph();
        List<WeightInfo> infos = new ArrayList<>();
        Set<String> types = new LinkedHashSet<>();
        for (WeightSpec spec : graph.weights()) {
            WeightInfo info = loaded.store().info(spec);
            infos.add(info);
            if (spec.role() == WeightSpec.Role.LINEAR) {
                types.add(info.type());
            }
        }
        String type = types.size() == 1 ? types.iterator().next() : "mixed";
        return new ModelInfo(
                graph.config(), graph.parameters(), type, kernels.label(), kernels.threads(), kvCache, infos);
    }

    public ModelInfo info() {
        return info;
    }

    /** What generation_config.json says. */
    public GenerationDefaults generationDefaults() {
        return extras.generationDefaults();
    }

    /** The tokenizer, if the model has one; read on the first call, and kept. */
    public Optional<Tokenizer> tokenizer() {
        return extras.text().tokenizer();
    }

    /** The chat template the tokenizer names as its default, if any; compiled on the first call, and kept. */
    public Optional<ChatTemplate> chatTemplate() {
        return extras.text().template();
    }

    /** How the model wants conversations written, if it says so; read on the first call, and kept. */
    public Optional<ChatFormat> chat() {
        return extras.text().chat();
    }

    /** A new, empty conversation that stores keys and values as {@link ModelOptions#kvCache} says. */
    public Session newSession() {
        return newSession(info.kvCache());
    }

    /** A new, empty conversation that stores keys and values in the given way. */
    public Session newSession(KvType kvCache) {
        requireOpen();
        try {
            return new Session(this, newStep(), SequenceMemory.of(info.config(), kvCache), maxPositions);
        } catch (OutOfMemoryError e) {
            throw new IngotException.OutOfResources("no memory for a session: give Java a larger heap (-Xmx)");
        }
    }

    /** What computes steps of several sessions. */
    public Batch newBatch() {
        requireOpen();
        return new Batch(newStep());
    }

    private Step newStep() {
        return new Step(this, weights.newDecoder(kernels));
    }

    private void requireOpen() {
        if (closed()) {
            throw new IllegalStateException("the model is closed");
        }
    }

    /** Golden logits stored with the model, if any, readable while the model is open. */
    public Optional<TensorSource> goldenSource() {
        return extras.golden();
    }

    boolean closed() {
        return calls.get() == CLOSED;
    }

    /** Keeps the weights until {@link #endCall}; false when the model is closed. */
    boolean beginCall() {
        return calls.getAndUpdate(n -> n == CLOSED ? CLOSED : n + 1) != CLOSED;
    }

    /** Before weights are computed with: a mapped file that was cut short would end the process. */
    void requireReadable() {
        store.requireReadable();
    }

    /** Before what was computed is handed out. */
    void requireIntact() {
        store.requireIntact();
    }

    void endCall() {
        calls.decrementAndGet();
    }

    /**
     * Frees the weights and ends the threads; nothing when that is done.
     *
     * @throws IllegalStateException while a session computes; the model stays open and can be closed later
     */
    @Override
    public void close() {
        int running = calls.compareAndExchange(0, CLOSED);
        if (running > 0) {
            throw new IllegalStateException(
                    "a session of the model is computing: close the model when its calls have returned");
        }
        if (running == 0) {
            try {
                kernels.close();
            } finally {
                store.close();
            }
        }
    }
}
