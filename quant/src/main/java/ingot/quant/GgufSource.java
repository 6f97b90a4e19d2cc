package ingot.quant;

import ingot.formats.TensorInfo;
import ingot.formats.block.Grouped;
import ingot.formats.block.Layout;
import ingot.formats.gguf.GgmlType;
import ingot.formats.gguf.GgufFile;
import ingot.formats.gguf.GgufModel;
import ingot.formats.hf.ModelConfigs;
import ingot.formats.io.InputFile;
import ingot.formats.tokenizer.TokenizerData;
import ingot.quant.scheme.CodedMatrix;
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
 * A model in GGUF files. Q8_0, Q5_0, Q4_0 and IQ4_NL have the codes and scales of our int8, int5, int4 and iq4 with groups of
 * 32; stored as these they are copied, everything else is dequantized first.
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
        return List.of();
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
    public Optional<CodedMatrix> coded(WeightSpec weight, Layout layout) {
        GgmlType type = model.storedType(tensor(weight));
        if (!weight.role().matrix()) {
            return Optional.empty();
        }
        return GgufModel.layout(type)
                .filter(layout::equals)
                .map(same -> new Codes(model, tensor(weight), same))
                .filter(Codes::fit)
                .map(CodedMatrix.class::cast);
    }

    private record Codes(GgufModel model, TensorInfo tensor, Grouped layout) implements CodedMatrix {
        private static final int SCAN = 1 << 20;

        @Override
        public long rows() {
            return tensor.shape().rows();
        }

        @Override
        public int cols() {
            return Math.toIntExact(tensor.shape().cols());
        }

        @Override
        public void read(long first, int n, byte[] codes, short[] scales) {
            model.readCodes(tensor, first, n, codes, scales);
        }

        /** int8 has no −128, which llama.cpp never writes either; a scale that is NaN or infinite is a damaged weight. */
        boolean fit() {
            int step = (int) Math.min(Math.max(1, SCAN / cols()), rows());
            byte[] codes = new byte[Math.multiplyExact(step, cols())];
            short[] scales = new short[codes.length / layout.group()];
            for (long row = 0; row < rows(); row += step) {
                int n = (int) Math.min(step, rows() - row);
                read(row, n, codes, scales);
                for (int i = 0; i < n * cols(); i++) {
                    if (codes[i] == Byte.MIN_VALUE) {
                        return false;
                    }
                }
                for (int i = 0; i < n * cols() / layout.group(); i++) {
                    if (!Float.isFinite(Float.float16ToFloat(scales[i]))) {
                        return false;
                    }
                }
            }
            return true;
        }
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
