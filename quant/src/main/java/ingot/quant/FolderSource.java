package ingot.quant;

import ingot.formats.TensorInfo;
import ingot.formats.hf.HfFolder;
import ingot.formats.hf.ModelConfigs;
import ingot.formats.io.InputFile;
import ingot.formats.io.TensorFile;
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
 * @param binding for every weight the tensor that holds it
 */
record FolderSource(
        HfFolder folder, ModelGraph graph, SequencedMap<WeightSpec, TensorInfo> binding, List<InputFile> files)
        implements Source {
    /** Small files beside the weights that change what comes out. */
    static final List<String> COMPANIONS = List.of(
            "config.json",
            "generation_config.json",
            "tokenizer.json",
            "tokenizer_config.json",
            "special_tokens_map.json",
            "added_tokens.json",
            "vocab.json",
            "merges.txt",
            "qwen.tiktoken",
            "chat_template.jinja");

    static FolderSource open(Path path) {
        HfFolder folder = HfFolder.open(path);
        List<InputFile> files = new ArrayList<>();
        try {
            Path config = folder.folder().resolve("config.json");
            ModelGraph graph = ModelGraph.of(ModelConfigs.read(folder.config(), config));
            var binding = WeightBinding.bind(graph, folder.weights().tensors(), config);
            folder.weightFiles().stream().map(TensorFile::input).forEach(files::add);
            for (Path index : folder.index().stream().toList()) {
                files.add(InputFile.open(index));
            }
            for (String name : COMPANIONS) {
                Path file = folder.folder().resolve(name);
                if (Files.exists(file)) {
                    files.add(InputFile.open(file));
                }
            }
            return new FolderSource(folder, graph, binding, files);
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
        all.addAll(WeightBinding.skipped(graph, folder.weights().tensors()));
        return all;
    }

    @Override
    public String storedType(WeightSpec weight) {
        return tensor(weight).dtype().label().toLowerCase(Locale.ROOT);
    }

    @Override
    public Rows rows(WeightSpec weight, WeightReader.NonFinite policy) {
        return new WeightReader(weight, tensor(weight), folder.weights(), policy);
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
        folder.close();
        files.forEach(InputFile::close);
    }
}
