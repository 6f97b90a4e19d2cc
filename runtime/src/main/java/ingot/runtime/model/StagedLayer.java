package ingot.runtime.model;

import ingot.formats.hf.ModelConfig;
import ingot.formats.hf.MoeConfig;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.Matrix;
import ingot.runtime.kv.KvType;
import ingot.formats.DType;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A decoder layer taken apart where linear layers read their input, so that a quantizer can see each input and replace the
 * weights before the next part runs: mixer input → mixer output → feed-forward input → feed-forward output. The parts
 * together do what {@link DecoderLayer} does. Weights are dense f32 and can be put in place one by one. For one thread.
 */
public final class StagedLayer {
    private final ModelConfig config;
    private final int index;
    private final DecoderParts parts;
    private final ModelWeights weights;
    private final List<WeightSpec> specs;
    private final LayerWiring wiring;
    private final Chunk chunk = new Chunk();

    /** Which tokens a feed-forward branch sees. */
    public sealed interface Route {
        /** The one MLP of a dense layer. */
        record All() implements Route {}

        /** An expert of a mixture: the tokens its router sends. */
        record Expert(int number) implements Route {}

        /** The expert every token passes, scaled by a gate. */
        record Shared() implements Route {}
    }

    /**
     * One gated MLP of the layer.
     *
     * @param gate [inner, hidden]; {@code up} alike
     * @param down [hidden, inner]
     */
    public record Branch(Route route, WeightSpec gate, WeightSpec up, WeightSpec down) {
        /** Width between the projections. */
        public int inner() {
            return gate.rows();
        }
    }

    /**
     * Where tokens go.
     *
     * @param experts [tokens][perToken]
     * @param weights of their outputs, alike
     */
    @SuppressWarnings("ArrayRecordComponent") // results, never compared
    public record Routes(int perToken, int[] experts, float[] weights) {}

    /** Layer {@code index} of a model, without weights yet. */
    public StagedLayer(ModelConfig config, int index, Kernels kernels) {
        this.config = config;
        this.index = index;
        this.parts = new DecoderParts(kernels, new Scratch(), new Rotary(config.rope()));
        this.weights = ModelWeights.partial(config);
        this.specs = List.copyOf(ModelGraph.layer(config, index));
        this.wiring = LayerWiring.of(config, index);
    }

    /** Every weight of the layer. */
    public List<WeightSpec> specs() {
        return specs;
    }

    /** Puts a weight in place of the former one; {@code values} row-major, kept by the layer. */
    public void put(WeightSpec spec, float[] values) {
        if (spec.role().matrix()) {
            weights.put(spec, Matrix.dense(DType.F32, spec.rows(), spec.cols(), MemorySegment.ofArray(values)));
        } else {
            weights.put(spec, values);
        }
    }

    /** Forgets a matrix. */
    public void remove(WeightSpec spec) {
        weights.remove(spec);
    }

    /** Projections that read the normed residual stream. */
    public List<WeightSpec> mixerInputs() {
        return wiring.mixerReaders().stream()
                .filter(s -> s.role() == WeightSpec.Role.LINEAR)
                .toList();
    }

    /** The projection back into the residual stream. */
    public WeightSpec mixerOutput() {
        return wiring.mixerOutput();
    }

    /** The MLPs: one, or the experts by number and then the shared one. */
    public List<Branch> branches() {
        return wiring.branches();
    }

    /** Columns of the mixer's output projection. */
    public int mixedWidth() {
        return mixerOutput().cols();
    }

    /** residual [tokens][hidden] → what the mixer's input projections read, alike. */
    public void mixerInput(float[] residual, int tokens, float[] out) {
        weights.norm(parts.kernels(), wiring.norms().getFirst().name()).apply(residual, tokens, out);
    }

    /** A whole sequence through the mixer: normed [tokens][hidden] → what the output projection reads. */
    public void mix(float[] normed, int tokens, float[] out) {
        chunk.clear();
        chunk.add(SequenceMemory.ofLayer(config, index, KvType.F32), new Span(0, tokens, tokens));
        parts.rotary().prepare(chunk);
        weights.mixer(index, parts).mix(chunk, normed, out);
    }

    /** residual += output projection of mixed. */
    public void addMixed(float[] mixed, int tokens, float[] residual) {
        add(mixerOutput(), mixed, tokens, residual);
    }

    /** residual [tokens][hidden] → what the feed-forward part reads, alike. */
    public void feedInput(float[] residual, int tokens, float[] out) {
        weights.norm(parts.kernels(), wiring.norms().getLast().name()).apply(residual, tokens, out);
    }

    /** Where the router sends the tokens of normed [tokens][hidden]. */
    public Routes route(float[] normed, int tokens) {
        MoeConfig moe = moe();
        Routing routing = new Router(parts, moe, weights.matrix(router())).route(normed, tokens);
        int n = moe.perToken();
        Routes routes = new Routes(n, new int[tokens * n], new float[tokens * n]);
        for (int t = 0; t < tokens; t++) {
            for (int k = 0; k < n; k++) {
                routes.experts()[t * n + k] = routing.expert(t, k);
                routes.weights()[t * n + k] = routing.weightOf(t, k);
            }
        }
        return routes;
    }

    /** How much of the shared expert's output each token takes. */
    public float[] sharedWeights(float[] normed, int tokens) {
        float[] gate = new float[tokens];
        parts.kernels().matmul(weights.matrix(DenseNames.of(config, index).sharedGate()), normed, tokens, gate);
        for (int t = 0; t < tokens; t++) {
            gate[t] = Moe.open(gate[t]);
        }
        return gate;
    }

    /** x [tokens][hidden] → what the branch's down projection reads [tokens][inner]. */
    public void inner(Branch branch, float[] x, int tokens, float[] out) {
        new GatedMlp(parts).inner(linear(branch.gate()), linear(branch.up()), x, tokens, out);
    }

    /** The branch's down projection: inner [tokens][inner] → out [tokens][hidden]. */
    public void down(Branch branch, float[] inner, int tokens, float[] out) {
        linear(branch.down()).apply(parts.kernels(), inner, tokens, out);
    }

    private void add(WeightSpec projection, float[] x, int tokens, float[] residual) {
        float[] branch = parts.scratch().rows(Scratch.Slot.BRANCH, tokens, projection.rows());
        linear(projection).apply(parts.kernels(), x, tokens, branch);
        parts.kernels().ops().add(branch, 0, residual, 0, tokens * projection.rows());
    }

    private Linear linear(WeightSpec spec) {
        String name = spec.name();
        return weights.linear(
                name.substring(0, name.length() - DenseNames.weight("").length()));
    }

    private String router() {
        return DenseNames.of(config, index).router();
    }

    private MoeConfig moe() {
        return config.moe(index).orElseThrow(() -> new IllegalStateException("the layer has no experts"));
    }
}
