package ingot.formats.gguf;

import ingot.formats.IngotException;
import ingot.formats.TensorInfo;
import ingot.formats.TensorSource;
import ingot.formats.tokenizer.TokenizerData;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import tools.jackson.databind.node.ObjectNode;

/**
 * A model in GGUF files, seen as the checkpoint it was made from: {@code config.json}, {@code generation_config.json},
 * tokenizer, and tensors under their published names. Weights in blocks appear as F32 and are computed when read.
 */
public final class GgufModel implements AutoCloseable {
    private final List<GgufFile> files;
    private final VirtualTensors tensors;
    private final ObjectNode config;

    private GgufModel(List<GgufFile> files, VirtualTensors tensors, ObjectNode config) {
        this.files = files;
        this.tensors = tensors;
        this.config = config;
    }

    /**
     * Opens a file, with its siblings where the model is split.
     *
     * @throws IngotException.BadData when a file breaks its format or the files of a split disagree
     * @throws IngotException.MissingInput when a file of a split is missing (all missing names listed)
     * @throws IngotException.ConfigMismatch for an architecture, a setting or a tensor that is not supported
     */
    public static GgufModel open(Path path) {
        List<GgufFile> files = SplitFiles.open(path);
        try {
            Metadata metadata = files.getFirst().metadata();
            Architecture.of(metadata);
            VirtualTensors tensors = new VirtualTensors(files);
            return new GgufModel(files, tensors, ConfigBuilder.build(metadata, tensors.tensors()));
        } catch (RuntimeException | Error e) {
            files.forEach(GgufFile::close);
            throw e;
        }
    }

    /** The first file. */
    public Path path() {
        return files.getFirst().path();
    }

    /** Every file, in order. */
    public List<GgufFile> files() {
        return List.copyOf(files);
    }

    /** What config.json of the checkpoint says, in the fields that matter. */
    public ObjectNode config() {
        return config;
    }

    /** What generation_config.json of the checkpoint says; empty when the file names neither sampling nor tokens. */
    public Optional<ObjectNode> generationConfig() {
        return GenerationBuilder.build(metadata());
    }

    /**
     * The tokenizer and chat templates, if the file has them.
     *
     * @throws IngotException.ConfigMismatch for a kind of tokenizer that no Qwen model has
     */
    public Optional<TokenizerData> tokenizer() {
        return TokenizerBuilder.build(metadata());
    }

    /** {@link #tokenizer} for later, when the files are closed. */
    public Supplier<Optional<TokenizerData>> laterTokenizer() {
        Metadata metadata = metadata();
        return () -> TokenizerBuilder.build(metadata);
    }

    /** What the files leave open and is taken for granted. */
    public List<String> warnings() {
        return TokenizerBuilder.warnings(metadata());
    }

    private Metadata metadata() {
        return files.getFirst().metadata();
    }

    /** The tensors under their published names; closed with this model. */
    public TensorSource tensors() {
        return tensors;
    }

    /** What a tensor of {@link #tensors} is stored as. */
    public GgmlType storedType(TensorInfo tensor) {
        return tensors.type(tensor.name());
    }

    /**
     * Reads q of whole rows of a tensor whose type has {@link GgmlType#integers}.
     *
     * @param first row
     * @param out receives {@code [n][cols]}
     */
    public void readIntegers(TensorInfo tensor, long first, int n, int[] out) {
        tensors.readIntegers(tensor, first, n, out);
    }

    /**
     * Reads the scales that belong to them.
     *
     * @param out receives {@code [n][cols ÷ blockWeights]}
     */
    public void readScales(TensorInfo tensor, long first, int n, float[] out) {
        tensors.readScales(tensor, first, n, out);
    }

    /**
     * Reads the bytes of a tensor of {@link #tensors} as they lie in the file.
     *
     * @param offset in the tensor's stored data
     */
    public void readStored(TensorInfo tensor, long offset, MemorySegment destination) {
        tensors.readStored(tensor, offset, destination);
    }

    @Override
    public void close() {
        files.forEach(GgufFile::close);
    }
}
