package ingot.runtime.model;

import ingot.formats.Shape;
import ingot.formats.hf.DeltaNetConfig;
import ingot.runtime.model.WeightSpec.Role;
import java.util.List;

/** The weights of a gated DeltaNet, in the order in which it uses them. */
final class DeltaGraph {
    private DeltaGraph() {}

    static void add(List<WeightSpec> weights, DeltaNetConfig delta, DenseNames.DeltaNames names, int hidden) {
        int heads = delta.valueHeads();
        switch (delta.packing()) {
            case GROUPED -> {
                int rows = Math.addExact(delta.channels(), delta.valueWidth());
                ModelGraph.addLinear(weights, names.qkvz(), rows, hidden, false);
                addGates(weights, names.ba(), 2 * heads, hidden);
            }
            case SPLIT -> {
                ModelGraph.addLinear(weights, names.qkv(), delta.channels(), hidden, false);
                ModelGraph.addLinear(weights, names.z(), delta.valueWidth(), hidden, false);
                addGates(weights, names.b(), heads, hidden);
                addGates(weights, names.a(), heads, hidden);
            }
        }
        Shape taps = new Shape(delta.channels(), 1, delta.kernel());
        weights.add(new WeightSpec(names.convolution(), taps, Role.CONVOLUTION));
        weights.add(WeightSpec.vector(names.decay(), Role.DECAY, heads));
        weights.add(WeightSpec.vector(names.decayBias(), Role.DECAY, heads));
        weights.add(WeightSpec.vector(names.norm(), Role.NORM, delta.valueDim()));
        ModelGraph.addLinear(weights, names.output(), hidden, delta.valueWidth(), false);
    }

    /** Small, and their errors pile up over a text: not for quantizers. */
    private static void addGates(List<WeightSpec> weights, String module, int rows, int hidden) {
        weights.add(WeightSpec.matrix(DenseNames.weight(module), Role.ROUTER, rows, hidden));
    }
}
