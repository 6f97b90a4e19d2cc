package ingot.quant;

import ingot.formats.TensorInfo;
import ingot.formats.gguf.GgufFile;
import ingot.formats.gguf.GgufModel;
import ingot.formats.hf.ModelConfigs;
import ingot.formats.io.InputFile;
import ingot.formats.quantized.GgufBlocks;
import ingot.formats.quantized.Packed;
import ingot.formats.tokenizer.TokenizerData;
import ingot.runtime.model.ModelGraph;
import ingot.runtime.model.WeightBinding;
import ingot.runtime.model.WeightSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SequencedMap;
import tools.jackson.databind.node.ObjectNode;

/**
 * A model in GGUF files.
 *
 * @param binding for every weight the tensor that holds it
 */
record GgufSource(GgufModel model, ModelGraph graph, SequencedMap<WeightSpec, TensorInfo> binding) implements Source {
    static GgufSource open(Path path) {
        GgufModel model = GgufModel.open(path);
        try {
            ModelGraph graph = ModelGraph.of(ModelConfigs.read(model.config(), path));
            return new GgufSource(
                    model, graph, WeightBinding.bind(graph, model.tensors().tensors(), path));
        } catch (RuntimeException | Error e) {
            model.close();
            throw e;
        }
    }

    @Override
    public ObjectNode config() {
        return model.config();
    }

    @Override
    public Optional<ObjectNode> generationConfig() {
        return model.generationConfig();
    }

    @Override
    public Optional<TokenizerData> tokenizer() {
        return model.tokenizer();
    }

    @Override
    public List<InputFile> files() {
        return model.files().stream().map(GgufFile::input).toList();
    }

    @Override
    public List<String> warnings() {
        return model.warnings();
    }

    @Override
    public String storedType(WeightSpec weight) {
        return model.storedType(tensor(weight)).name().toLowerCase(Locale.ROOT);
    }

    @Override
    public Rows rows(WeightSpec weight, WeightReader.NonFinite policy) {
        return new WeightReader(weight, tensor(weight), model.tensors(), policy);
    }

    @Override
    public Optional<Packed> packed(WeightSpec weight) {
        return weight.role().matrix() ? GgufBlocks.of(model, tensor(weight)) : Optional.empty();
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
        model.close();
    }
}
