package ingot.quant;

import ingot.formats.TensorInfo;
import ingot.formats.TensorSource;
import ingot.formats.adapter.AdapterSource;
import ingot.formats.hf.HfFolder;
import ingot.formats.hf.ModelConfigs;
import ingot.formats.io.Folders;
import ingot.formats.io.InputFile;
import ingot.formats.io.TensorFile;
import ingot.formats.quantized.Packed;
import ingot.formats.quantized.QuantizedSource;
import ingot.formats.tokenizer.TokenizerData;
import ingot.formats.tokenizer.TokenizerReader;
import ingot.runtime.model.ModelGraph;
import ingot.runtime.model.WeightBinding;
import ingot.runtime.model.WeightSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SequencedMap;
import tools.jackson.databind.node.ObjectNode;

/**
 * A Hugging Face folder.
 *
 * @param weights its tensors, with an adapter merged into them where there is one
 * @param binding for every weight the tensor that holds it
 */
record FolderSource(
        HfFolder folder,
        TensorSource weights,
        ModelGraph graph,
        SequencedMap<WeightSpec, TensorInfo> binding,
        List<InputFile> files)
        implements Source {
    /** Small files beside the weights that change what comes out. */
    static final List<String> COMPANIONS = List.of(
            "config.json",
            "quantize_config.json",
            "generation_config.json",
            "tokenizer.json",
            "tokenizer_config.json",
            "special_tokens_map.json",
            "added_tokens.json",
            "vocab.json",
            "merges.txt",
            "qwen.tiktoken",
            "chat_template.jinja");

    static FolderSource open(Path path, Optional<Path> adapter) {
        HfFolder folder = HfFolder.open(path);
        List<InputFile> files = new ArrayList<>();
        try {
            Path config = folder.folder().resolve("config.json");
            ModelGraph graph = ModelGraph.of(ModelConfigs.read(folder.config(), config));
            TensorSource weights = folder.weights();
            if (adapter.isPresent()) {
                AdapterSource merged = AdapterSource.open(weights, adapter.get());
                files.addAll(merged.files());
                weights = merged;
            }
            var binding = WeightBinding.bind(graph, weights, config);
            folder.weightFiles().stream().map(TensorFile::input).forEach(files::add);
            for (Path index : folder.index().stream().toList()) {
                files.add(InputFile.open(index));
            }
            for (String name : COMPANIONS) {
                Path file = Folders.companion(folder.folder(), name);
                if (Files.exists(file)) {
                    files.add(InputFile.open(file));
                }
            }
            return new FolderSource(folder, weights, graph, binding, files);
        } catch (RuntimeException | Error e) {
            folder.close();
            files.forEach(InputFile::close);
            throw e;
        }
    }

    @Override
    public ObjectNode config() {
        return folder.config();
    }

    @Override
    public Optional<ObjectNode> generationConfig() {
        return folder.generationConfig();
    }

    @Override
    public Optional<TokenizerData> tokenizer() {
        return TokenizerReader.isPresent(folder.folder())
                ? Optional.of(TokenizerReader.read(folder.folder()))
                : Optional.empty();
    }

    @Override
    public List<String> warnings() {
        List<String> all = new ArrayList<>(folder.warnings());
        if (weights instanceof AdapterSource merged) {
            all.addAll(merged.warnings());
        }
        all.addAll(WeightBinding.skipped(graph, folder.weights().tensors()));
        return all;
    }

    @Override
    public String storedType(WeightSpec weight) {
        TensorInfo tensor = tensor(weight);
        String stored = packed(folder.weights(), tensor)
                .map(Packed::describe)
                .orElseGet(() -> folder.weights()
                        .tensors()
                        .getOrDefault(tensor.name(), tensor)
                        .dtype()
                        .label()
                        .toLowerCase(Locale.ROOT));
        return isChanged(tensor) ? stored + " with the adapter" : stored;
    }

    @Override
    public Optional<Packed> packed(WeightSpec weight) {
        TensorInfo tensor = tensor(weight);
        return isChanged(tensor) ? Optional.empty() : packed(folder.weights(), tensor);
    }

    private boolean isChanged(TensorInfo tensor) {
        return weights instanceof AdapterSource merged && merged.changes(tensor.name());
    }

    private static Optional<Packed> packed(TensorSource source, TensorInfo tensor) {
        return source instanceof QuantizedSource quantized ? quantized.packed(tensor.name()) : Optional.empty();
    }

    @Override
    public Rows rows(WeightSpec weight, WeightReader.NonFinite policy) {
        return new WeightReader(weight, tensor(weight), weights, policy);
    }

    private TensorInfo tensor(WeightSpec weight) {
        TensorInfo tensor = binding.get(weight);
        if (tensor == null) {
            throw new IllegalArgumentException(weight.name() + " is not part of this model");
        }
        return tensor;
    }

    @Override
    public void close() {
        weights.close();
        folder.close();
        files.forEach(InputFile::close);
    }
}
