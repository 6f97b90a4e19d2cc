package ingot.runtime.model;

import ingot.formats.hf.AttentionConfig;
import ingot.formats.hf.ModelConfig;
import ingot.formats.hf.MoeConfig;
import ingot.runtime.model.StagedLayer.Branch;
import ingot.runtime.model.StagedLayer.Route;
import ingot.runtime.model.WeightSpec.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Which weights of a decoder layer write and read the same channels: residual → mixer norm → mixer readers … mixer output →
 * residual → feed norm → feed readers, gate and up of every branch … down → residual.
 *
 * @param norms before the mixer and before the feed-forward part
 * @param mixerReaders every matrix that reads the stream behind the first norm
 * @param mixerOutput the matrix that writes what the mixer made into the stream
 * @param values the channels between the mixer's values and its output, where the mixer leaves them to themselves
 * @param feedReaders every matrix that reads the stream behind the second norm
 * @param biases of matrices of the layer that have one
 */
public record LayerWiring(
        List<WeightSpec> norms,
        List<WeightSpec> mixerReaders,
        WeightSpec mixerOutput,
        Optional<Values> values,
        List<WeightSpec> feedReaders,
        List<Branch> branches,
        List<WeightSpec> biases) {
    public LayerWiring {
        norms = List.copyOf(norms);
        mixerReaders = List.copyOf(mixerReaders);
        feedReaders = List.copyOf(feedReaders);
        branches = List.copyOf(branches);
        biases = List.copyOf(biases);
    }

    /**
     * The value heads of softmax attention. Weights of the attention sum heads, so channel c of a value head is channel c of
     * every query head that uses it.
     *
     * @param writer matrix whose rows, from {@code firstRow} on, make them
     * @param gated whether the output is multiplied by gates channel by channel, so that channels have names of their own
     */
    public record Values(WeightSpec writer, int firstRow, int heads, int queryHeads, int headDim, boolean gated) {}

    /** The wiring of layer {@code index}. */
    public static LayerWiring of(ModelConfig config, int index) {
        List<WeightSpec> specs = ModelGraph.layer(config, index);
        List<String> norms = switch (config.family().naming()) {
            case LLAMA, COMPOSITE -> {
                DenseNames names = DenseNames.of(config, index);
                yield List.of(names.inputNorm(), names.postNorm());
            }
            case QWEN1 -> {
                Qwen1Names names = new Qwen1Names(index);
                yield List.of(names.inputNorm(), names.postNorm());
            }
        };
        int mixed = at(specs, DenseNames.weight(ModelWeights.partial(config).mixerOutput(index)));
        int feed = at(specs, norms.getLast());
        List<WeightSpec> behind = matrices(specs.subList(feed, specs.size()));
        List<WeightSpec> linear =
                behind.stream().filter(s -> s.role() == Role.LINEAR).toList();
        List<Branch> branches = branches(linear, config.moe(index));
        List<WeightSpec> feedReaders = new ArrayList<>(behind);
        branches.forEach(b -> feedReaders.remove(b.down()));
        return new LayerWiring(
                List.of(specs.get(at(specs, norms.getFirst())), specs.get(feed)),
                matrices(specs.subList(0, mixed)),
                specs.get(mixed),
                values(config, index, specs),
                feedReaders,
                branches,
                specs.stream().filter(s -> s.role() == Role.BIAS).toList());
    }

    private static int at(List<WeightSpec> specs, String name) {
        for (int i = 0; i < specs.size(); i++) {
            if (specs.get(i).name().equals(name)) {
                return i;
            }
        }
        throw new IllegalStateException(name + " is not in the layer");
    }

    private static List<WeightSpec> matrices(List<WeightSpec> specs) {
        return specs.stream().filter(s -> s.role().matrix()).toList();
    }

    private static List<Branch> branches(List<WeightSpec> linear, Optional<MoeConfig> moe) {
        List<Branch> branches = new ArrayList<>();
        for (int i = 0; i < linear.size(); i += 3) {
            int number = i / 3;
            Route route = moe.isEmpty()
                    ? new Route.All()
                    : number < moe.get().experts() ? new Route.Expert(number) : new Route.Shared();
            branches.add(new Branch(route, linear.get(i), linear.get(i + 1), linear.get(i + 2)));
        }
        return branches;
    }

    private static Optional<Values> values(ModelConfig config, int index, List<WeightSpec> specs) {
        AttentionConfig attention = config.attention();
        if (attention.linear(index).isPresent()) {
            return Optional.empty();
        }
        boolean gated = attention.projections().outputGate();
        return Optional.of(
                switch (config.family().naming()) {
                    case LLAMA, COMPOSITE -> {
                        String name = DenseNames.of(config, index).value();
                        yield new Values(
                                specs.get(at(specs, DenseNames.weight(name))),
                                0,
                                attention.kvHeads(),
                                attention.heads(),
                                attention.headDim(),
                                gated);
                    }
                    case QWEN1 ->
                        new Values(
                                specs.get(at(specs, DenseNames.weight(new Qwen1Names(index).qkv()))),
                                2 * attention.queryDim(),
                                attention.heads(),
                                attention.heads(),
                                attention.headDim(),
                                gated);
                });
    }

    /** The bias of a matrix of the layer, if it has one. */
    public Optional<WeightSpec> bias(WeightSpec matrix) {
        String name = matrix.name();
        String module = name.substring(0, name.length() - DenseNames.weight("").length());
        return biases.stream()
                .filter(b -> b.name().equals(DenseNames.bias(module)))
                .findFirst();
    }
}
