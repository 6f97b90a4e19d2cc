package ingot.runtime.model;

import ingot.formats.hf.ModelConfig;
import ingot.formats.hf.DeltaNetConfig;
import ingot.formats.hf.MoeConfig;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.Matrix;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a decoder in memory, shared by all sessions, and the composition of blocks that runs them. Immutable once
 * it is loaded.
 */
public final class ModelWeights {
    private final ModelConfig config;
    private final Map<String, Matrix> matrices = new LinkedHashMap<>();
    private final Map<String, float[]> vectors = new LinkedHashMap<>();

    private ModelWeights(ModelConfig config) {
        this.config = config;
    }

    /** Takes every weight of the graph out of the store, in the order of the graph. */
    public static ModelWeights load(ModelGraph graph, WeightStore store) {
        ModelWeights weights = new ModelWeights(graph.config());
        for (WeightSpec spec : graph.weights()) {
            if (spec.role().matrix()) {
                weights.matrices.put(spec.name(), store.matrix(spec));
            } else {
                weights.vectors.put(spec.name(), prepared(spec, store.vector(spec)));
            }
        }
        return weights;
    }

    /** Some weights of a model, for a caller that knows which of them it uses. */
    static ModelWeights partial(ModelConfig config) {
        return new ModelWeights(config);
    }

    void put(WeightSpec spec, Matrix matrix) {
        matrices.put(spec.name(), matrix);
    }

    void put(WeightSpec spec, float[] vector) {
        vectors.put(spec.name(), prepared(spec, vector.clone()));
    }

    void remove(WeightSpec spec) {
        matrices.remove(spec.name());
    }

    /** A vector in the form the blocks use it. */
    private static float[] prepared(WeightSpec spec, float[] stored) {
        return switch (spec.role()) {
            case OFFSET_NORM -> {
                // In f32, as the reference adds them.
                for (int i = 0; i < stored.length; i++) {
                    stored[i] += 1;
                }
                yield stored;
            }
            case CONVOLUTION -> {
                int width = Math.toIntExact(spec.shape().cols());
                int channels = stored.length / width;
                float[] taps = new float[stored.length];
                for (int i = 0; i < stored.length; i++) {
                    taps[i % width * channels + i / width] = stored[i];
                }
                yield taps;
            }
            default -> stored;
        };
    }

    /** A decoder with buffers of its own. */
    public Decoder newDecoder(Kernels kernels) {
        var parts = new DecoderParts(kernels, new Scratch(), new Rotary(config.rope()));
        List<DecoderLayer> layers = new ArrayList<>();
        for (int i = 0; i < config.layers(); i++) {
            layers.add(
                    switch (config.family().naming()) {
                        case LLAMA, COMPOSITE -> layer(i, parts);
                        case QWEN1 -> qwen1Layer(i, parts);
                    });
        }
        ModelNames names = ModelNames.of(config);
        Matrix embedding = matrix(names.embedding());
        Matrix head = config.tiedEmbeddings() ? embedding : matrix(names.head());
        return new Decoder(
                config, parts, embedding, layers, new Decoder.Output(norm(kernels, names.finalNorm()), head));
    }

    private DecoderLayer layer(int index, DecoderParts parts) {
        var names = DenseNames.of(config, index);
        Kernels kernels = parts.kernels();
        return new DecoderLayer(
                parts,
                norm(kernels, names.inputNorm()),
                new DecoderLayer.Mixing(mixer(names, parts), linear(mixerOutput(index))),
                norm(kernels, names.postNorm()),
                feedForward(names, parts),
                config.hidden());
    }

    /** The mixer of a layer. */
    Mixer mixer(int index, DecoderParts parts) {
        return switch (config.family().naming()) {
            case LLAMA, COMPOSITE -> mixer(DenseNames.of(config, index), parts);
            case QWEN1 -> qwen1Mixer(index, parts);
        };
    }

    /** The module that projects what the mixer of a layer made back into the residual stream. */
    String mixerOutput(int index) {
        return switch (config.family().naming()) {
            case LLAMA, COMPOSITE -> {
                DenseNames names = DenseNames.of(config, index);
                yield config.attention().linear(index).isPresent()
                        ? names.delta().output()
                        : names.output();
            }
            case QWEN1 -> new Qwen1Names(index).output();
        };
    }

    private Mixer mixer(DenseNames names, DecoderParts parts) {
        Optional<DeltaNetConfig> delta = config.attention().linear(names.layer());
        return delta.isPresent()
                ? new DeltaNet(parts, deltaNet(delta.get(), names.delta(), parts.kernels()), delta.get(), names.layer())
                : attention(names, parts);
    }

    private DeltaNet.Weights deltaNet(DeltaNetConfig delta, DenseNames.DeltaNames names, Kernels kernels) {
        DeltaProjections projections = switch (delta.packing()) {
            case GROUPED -> new DeltaProjections.Grouped(delta, linear(names.qkvz()), linear(names.ba()));
            case SPLIT ->
                new DeltaProjections.Split(
                        linear(names.qkv()), linear(names.z()), linear(names.b()), linear(names.a()));
        };
        return new DeltaNet.Weights(
                projections,
                vector(names.convolution()),
                vector(names.decay()),
                vector(names.decayBias()),
                norm(kernels, names.norm()));
    }

    private Attention attention(DenseNames names, DecoderParts parts) {
        Kernels kernels = parts.kernels();
        boolean qkNorm = config.attention().qkNorm();
        var attention = new Attention.Weights(
                new QkvProjection.Separate(linear(names.query()), linear(names.key()), linear(names.value())),
                qkNorm ? norm(kernels, names.queryNorm()) : null,
                qkNorm ? norm(kernels, names.keyNorm()) : null);
        return new Attention(parts, attention, config.attention(), names.layer());
    }

    private DecoderLayer qwen1Layer(int index, DecoderParts parts) {
        var names = new Qwen1Names(index);
        Kernels kernels = parts.kernels();
        var mlp = new GatedMlp.Weights(linear(names.gate()), linear(names.up()), linear(names.down()));
        return new DecoderLayer(
                parts,
                norm(kernels, names.inputNorm()),
                new DecoderLayer.Mixing(qwen1Mixer(index, parts), linear(mixerOutput(index))),
                norm(kernels, names.postNorm()),
                new Mlp(parts, mlp),
                config.hidden());
    }

    private Mixer qwen1Mixer(int index, DecoderParts parts) {
        var names = new Qwen1Names(index);
        var attention = new Attention.Weights(new QkvProjection.Fused(linear(names.qkv())), null, null);
        return new Attention(parts, attention, config.attention(), index);
    }

    private FeedForward feedForward(DenseNames names, DecoderParts parts) {
        Optional<MoeConfig> experts = config.moe(names.layer());
        if (experts.isEmpty()) {
            return new Mlp(parts, mlp(names.mlp()));
        }
        MoeConfig moe = experts.get();
        List<GatedMlp.Weights> all = new ArrayList<>(moe.experts());
        for (int e = 0; e < moe.experts(); e++) {
            all.add(mlp(names.expert(e)));
        }
        var shared =
                moe.sharedInner() > 0 ? new Moe.Shared(matrix(names.sharedGate()), mlp(names.sharedExpert())) : null;
        return new Moe(parts, moe, new Moe.Weights(matrix(names.router()), all, shared));
    }

    private GatedMlp.Weights mlp(DenseNames.MlpNames names) {
        return new GatedMlp.Weights(linear(names.gate()), linear(names.up()), linear(names.down()));
    }

    RmsNorm norm(Kernels kernels, String name) {
        return new RmsNorm(kernels, vector(name), config.normEps());
    }

    private float[] vector(String name) {
        return require(vectors.get(name), name);
    }

    Linear linear(String module) {
        return new Linear(matrix(DenseNames.weight(module)), vectors.get(DenseNames.bias(module)));
    }

    Matrix matrix(String name) {
        return require(matrices.get(name), name);
    }

    private static <T> T require(@Nullable T weight, String name) {
        if (weight == null) {
            throw new IllegalStateException(name + " is not in the model graph");
        }
        return weight;
    }
}
