package ingot.quant;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.gguf.GgufFile;
import ingot.formats.hf.GgufPath;
import ingot.formats.ingot.IngotFile;
import ingot.formats.io.InputFile;
import ingot.formats.quantized.Packed;
import ingot.formats.tokenizer.TokenizerData;
import ingot.quant.scheme.MatrixSource;
import ingot.runtime.model.ModelGraph;
import ingot.runtime.model.WeightSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/** A checkpoint opened for conversion. */
sealed interface Source extends AutoCloseable permits EquivalentSource, FolderSource, GgufSource, IngotSource {
    /** Opens whatever {@code path} is, by its content. */
    static Source open(Path path) {
        return open(path, Optional.empty());
    }

    /** As {@link #open(Path)}, with the adapter of a folder merged into it. */
    static Source open(Path given, Optional<Path> adapter) {
        Path path = GgufPath.resolve(given);
        boolean gguf = GgufFile.recognises(path);
        if (!gguf && !IngotFile.recognises(path)) {
            return FolderSource.open(path, adapter);
        }
        if (adapter.isPresent()) {
            throw new IngotException.Usage("--adapter merges into a model folder, and " + Text.path(path)
                    + " is a single file; convert the model's folder with the adapter");
        }
        return gguf ? GgufSource.open(path) : IngotSource.open(path);
    }

    /** Every weight, checked to be there in its shape. */
    ModelGraph graph();

    ObjectNode config();

    Optional<ObjectNode> generationConfig();

    Optional<TokenizerData> tokenizer();

    /** Every file that contributes, for hashing. */
    List<InputFile> files();

    List<String> warnings();

    /** What a weight is stored as, for the summary. */
    String storedType(WeightSpec weight);

    /** The weight as the source quantized it, if it did and nothing was added to it. */
    default Optional<Packed> packed(WeightSpec weight) {
        return Optional.empty();
    }

    /** Whether any weight comes quantized by other tools. */
    default boolean isQuantized() {
        return graph().weights().stream().anyMatch(w -> packed(w).isPresent());
    }

    /** The rows of one weight; a vector is one row. Closed by the caller. */
    Rows rows(WeightSpec weight, WeightReader.NonFinite policy);

    /** A matrix whose buffers must be given back. */
    interface Rows extends MatrixSource, AutoCloseable {
        @Override
        void close();
    }

    /** @throws IngotException.Usage when {@code output} is one of the files read, or a link to one */
    default void requireNot(Path output) {
        requireNot(output, files());
    }

    /** @throws IngotException.Usage when {@code output} is one of {@code inputs}, or a link to one */
    static void requireNot(Path output, List<InputFile> inputs) {
        inputs.forEach(file -> requireNot(output, file.path()));
    }

    /** @throws IngotException.Usage when {@code output} is {@code input}, or a link to it */
    static void requireNot(Path output, Path input) {
        try {
            if (Files.exists(output) && Files.isSameFile(output, input)) {
                throw new IngotException.Usage("the output " + Text.path(output) + " is the input " + Text.path(input)
                        + "; name another file");
            }
        } catch (IOException e) {
            throw InputFile.failure(input, e);
        }
    }

    @Override
    void close();
}
