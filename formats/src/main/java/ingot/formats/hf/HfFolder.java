package ingot.formats.hf;

import ingot.formats.IngotException;
import ingot.formats.TensorSource;
import ingot.formats.Text;
import ingot.formats.io.Folders;
import ingot.formats.io.TensorFile;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import ingot.formats.quantized.Quantization;
import ingot.formats.quantized.QuantizedSource;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * A model folder as published on the Hugging Face hub: {@code config.json}, weights in one file or in shards, tokenizer
 * files beside them. What format the weights have is decided by their content. Links of a hub cache ({@code snapshots/REV/x → ../../blobs/SHA}) are followed.
 *
 * @param folder the folder
 * @param config the parsed {@code config.json}
 * @param generationConfig the parsed {@code generation_config.json}, where there is one
 * @param weights the tensors; closed with this folder
 * @param weightFiles the files that hold them, in order
 * @param index the file that ties shards together, where the weights are in shards
 * @param warnings harmless contradictions worth telling
 */
public record HfFolder(
        Path folder,
        ObjectNode config,
        Optional<ObjectNode> generationConfig,
        TensorSource weights,
        List<TensorFile> weightFiles,
        Optional<Path> index,
        List<String> warnings)
        implements AutoCloseable {
    /** Experts stored as one tensor are presented one by one. */
    public HfFolder {
        weights = FusedExperts.unfold(weights);
    }

    /** Where weights may be, in the order in which transformers looks for them. */
    private static final List<String> WEIGHTS = List.of(
            "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json");

    /** Whether {@code path} names a model and not a single file: a folder or an index of shards. */
    public static boolean recognises(Path path) {
        return Files.isDirectory(path) || path.toString().endsWith(".index.json");
    }

    /**
     * Opens a folder, or the folder of a file of weights or of an {@code .index.json} given by name (then exactly that file
     * is used).
     *
     * @throws IngotException.MissingInput when config.json, the weights or a shard is absent (all missing names listed)
     * @throws IngotException.BadData when a file breaks its format or index and shards disagree
     */
    public static HfFolder open(Path path) {
        return openStored(path).dequantized();
    }

    /** As {@link #open}, but with the tensors of a quantized checkpoint as they are stored. */
    public static HfFolder openStored(Path path) {
        boolean isFolder = Files.isDirectory(path);
        if (!isFolder && !Files.exists(path)) {
            throw new IngotException.MissingInput(Text.path(path) + ": no such file or folder");
        }
        Path folder = isFolder ? path : Folders.of(path);
        Path weights = isFolder ? findWeights(folder) : path;
        ObjectNode config = readConfig(folder);
        Path generation = Folders.companion(folder, "generation_config.json");
        Optional<ObjectNode> generationConfig = Files.exists(generation)
                ? Optional.of(Json.readObject(generation, JsonBound.CONFIG))
                : Optional.empty();
        if (weights.toString().endsWith(".index.json")) {
            ShardedWeights shards = ShardedWeights.open(weights);
            return new HfFolder(
                    folder, config, generationConfig, shards, shards.files(), Optional.of(weights), shards.warnings());
        }
        TensorFile file = WeightFiles.open(weights);
        return new HfFolder(folder, config, generationConfig, file, List.of(file), Optional.empty(), List.of());
    }

    /** This folder with quantized weights seen as F32 matrices, and a configuration that does not speak of them. */
    private HfFolder dequantized() {
        try {
            Optional<Quantization> quantization = Quantization.find(config, folder);
            if (quantization.isEmpty()) {
                return this;
            }
            TensorSource view = QuantizedSource.of(weights, quantization.get(), Quantization.file(config, folder));
            ObjectNode plain = config.deepCopy();
            plain.remove(Quantization.FIELD);
            if (plain.get(Quantization.TEXT) instanceof ObjectNode text) {
                text.remove(Quantization.FIELD);
            }
            List<String> notes = new ArrayList<>(warnings);
            notes.addAll(quantization.get().warnings());
            return new HfFolder(folder, plain, generationConfig, view, weightFiles, index, List.copyOf(notes));
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    /** Reads {@code config.json} of a folder. */
    public static ObjectNode readConfig(Path folder) {
        Path file = Folders.companion(folder, "config.json");
        if (!Files.exists(file)) {
            throw new IngotException.MissingInput(
                    Text.path(file) + ": no such file; a model folder needs config.json beside its weights");
        }
        return Json.readObject(file, JsonBound.CONFIG);
    }

    /** The weights under one of the names that checkpoints are published with. */
    static Optional<Path> standardWeights(Path folder) {
        // A dangling link counts as present here, so that opening it names it.
        return WEIGHTS.stream()
                .map(folder::resolve)
                .filter(file -> Files.exists(file, LinkOption.NOFOLLOW_LINKS))
                .findFirst();
    }

    private static Path findWeights(Path folder) {
        Optional<Path> standard = standardWeights(folder);
        if (standard.isPresent()) {
            return standard.get();
        }
        // Variants have names like model.fp16.safetensors.index.json; one index leaves no doubt.
        List<String> indexes = list(folder, "*.{safetensors,bin}.index.json");
        if (indexes.size() == 1) {
            return folder.resolve(indexes.getFirst());
        }
        List<String> others = list(folder, "*.{safetensors,bin,pt,pth,gguf,safetensors.index.json,bin.index.json}");
        String found = others.isEmpty()
                ? ""
                : "; found "
                        + Text.quote(String.join(", ", others))
                        + (others.size() == 1
                                ? ": name that file instead of the folder"
                                : ": name the file to convert instead of the folder");
        String known = String.join(", ", WEIGHTS) + " or one GGUF model";
        throw new IngotException.MissingInput(Text.path(folder) + ": no weights here (" + known + ")" + found);
    }

    private static List<String> list(Path folder, String glob) {
        List<String> names = new ArrayList<>();
        try (var files = Files.newDirectoryStream(folder, glob)) {
            files.forEach(f -> names.add(f.getFileName().toString()));
        } catch (java.io.IOException | java.nio.file.DirectoryIteratorException e) {
            throw new IngotException.ReadWrite(Text.path(folder) + ": cannot be listed: " + Text.reason(e), e);
        }
        names.sort(null);
        return names;
    }

    @Override
    public void close() {
        weights.close();
    }
}
