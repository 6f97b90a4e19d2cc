package ingot.quant;

import ingot.formats.hf.ModelConfig;
import ingot.formats.hf.ModelConfigs;
import ingot.formats.io.InputFile;
import ingot.formats.quantized.Packed;
import ingot.formats.tokenizer.TokenizerData;
import ingot.quant.scheme.MatrixSource;
import ingot.quant.transform.EquivalentModel;
import ingot.quant.transform.Place;
import ingot.quant.transform.Rotation;
import ingot.quant.transform.ChannelScaling;
import ingot.runtime.model.LayerWiring;
import ingot.runtime.model.ModelGraph;
import ingot.runtime.model.WeightSpec;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * A source with the outputs of another one and other weights, made as they are read.
 *
 * @param config of the model as it is now
 */
record EquivalentSource(Source source, EquivalentModel model, ObjectNode config) implements Source {
    /** Stands for the signs of a rotation; the same for every conversion. */
    private static final long SEED = 0x1A60;

    /** Another model on the channels of a source. */
    static EquivalentSource of(Source source, EquivalentModel model) {
        return new EquivalentSource(source, model, source.config());
    }

    /** The residual stream rotated: norms are folded into their readers first, and the head becomes a matrix of its own. */
    static EquivalentSource rotated(Source source) {
        ModelGraph graph = source.graph();
        ObjectNode config = untied(source.config());
        ModelConfig untied = ModelConfigs.read(config, source.files().getFirst().path());
        EquivalentModel model = EquivalentModel.untied(graph, untied);
        for (int i = 0; i < untied.layers(); i++) {
            LayerWiring wiring = LayerWiring.of(untied, i);
            model.apply(new Place.MixerInput(i), fold(source, wiring.norms().getFirst()));
            model.apply(new Place.FeedInput(i), fold(source, wiring.norms().getLast()));
        }
        model.apply(new Place.HeadInput(), fold(source, graph.finalNorm()));
        model.apply(new Place.Residual(), Rotation.of(untied.hidden(), SEED));
        return new EquivalentSource(source, model, config);
    }

    private static ObjectNode untied(ObjectNode config) {
        ObjectNode copy = config.deepCopy();
        copy.put("tie_word_embeddings", false);
        if (copy.get("text_config") instanceof ObjectNode text) {
            text.put("tie_word_embeddings", false);
        }
        return copy;
    }

    /** The scaling that leaves a norm without scales. */
    private static ChannelScaling fold(Source source, WeightSpec norm) {
        float[] values = new float[norm.length()];
        try (Rows rows = source.rows(norm, WeightReader.NonFinite.REFUSE)) {
            rows.read(0, 1, values);
        }
        double offset = norm.role() == WeightSpec.Role.OFFSET_NORM ? 1 : 0;
        double[] divisors = new double[values.length];
        for (int i = 0; i < divisors.length; i++) {
            divisors[i] = values[i] + offset;
        }
        return new ChannelScaling(divisors);
    }

    @Override
    public ModelGraph graph() {
        return model.graph();
    }

    @Override
    public Optional<ObjectNode> generationConfig() {
        return source.generationConfig();
    }

    @Override
    public Optional<TokenizerData> tokenizer() {
        return source.tokenizer();
    }

    @Override
    public List<InputFile> files() {
        return source.files();
    }

    @Override
    public List<String> warnings() {
        return source.warnings();
    }

    @Override
    public String storedType(WeightSpec weight) {
        return source.storedType(model.origin(weight));
    }

    @Override
    public Optional<Packed> packed(WeightSpec weight) {
        return model.changes(weight) ? Optional.empty() : source.packed(model.origin(weight));
    }

    @Override
    public Rows rows(WeightSpec weight, WeightReader.NonFinite policy) {
        Rows original = source.rows(model.origin(weight), policy);
        return new Made(original, model.rows(weight, original));
    }

    /** @param made of the original's rows */
    private record Made(Rows original, MatrixSource made) implements Rows {
        @Override
        public String origin() {
            return original.origin();
        }

        @Override
        public long rows() {
            return made.rows();
        }

        @Override
        public int cols() {
            return made.cols();
        }

        @Override
        public void read(long first, int n, float[] out) {
            made.read(first, n, out);
        }

        @Override
        public void close() {
            original.close();
        }
    }

    @Override
    public void close() {
        source.close();
    }
}
