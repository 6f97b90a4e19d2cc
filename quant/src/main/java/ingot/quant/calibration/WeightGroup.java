package ingot.quant.calibration;

import ingot.runtime.kernel.Kernels;
import ingot.runtime.model.ModelGraph;
import ingot.runtime.model.StagedLayer;
import ingot.runtime.model.StagedLayer.Branch;
import ingot.runtime.model.StagedLayer.Route;
import ingot.runtime.model.WeightSpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Matrices that get one type: mostly one matrix; the experts of a layer together, for each of the three projections.
 *
 * @param name of the matrix, with {@code *} for the number of the expert
 */
public record WeightGroup(String name, List<WeightSpec> tensors) {
    public WeightGroup {
        tensors = List.copyOf(tensors);
    }

    /** Number of single weights. */
    public long count() {
        return tensors.stream().mapToLong(t -> t.shape().count()).sum();
    }

    /** The groups of a layer whose type is free. */
    static List<WeightGroup> of(StagedLayer layer, Predicate<WeightSpec> free) {
        Map<String, List<WeightSpec>> groups = new LinkedHashMap<>();
        layer.mixerInputs().forEach(w -> add(groups, w.name(), w, free));
        add(groups, layer.mixerOutput().name(), layer.mixerOutput(), free);
        for (Branch branch : layer.branches()) {
            for (WeightSpec w : List.of(branch.gate(), branch.up(), branch.down())) {
                String name = branch.route() instanceof Route.Expert
                        ? w.name().replaceFirst("experts\\.[0-9]+\\.", "experts.*.")
                        : w.name();
                add(groups, name, w, free);
            }
        }
        List<WeightGroup> list = new ArrayList<>();
        groups.forEach((name, tensors) -> list.add(new WeightGroup(name, tensors)));
        return list;
    }

    private static void add(
            Map<String, List<WeightSpec>> groups, String name, WeightSpec weight, Predicate<WeightSpec> free) {
        if (free.test(weight)) {
            groups.computeIfAbsent(name, n -> new ArrayList<>()).add(weight);
        }
    }

    /** The groups of a model whose type is free: embedding, layers, head. */
    public static List<WeightGroup> of(ModelGraph graph, Kernels kernels, Predicate<WeightSpec> free) {
        List<WeightGroup> groups = new ArrayList<>();
        if (free.test(graph.embedding())) {
            groups.add(new WeightGroup(graph.embedding().name(), List.of(graph.embedding())));
        }
        for (int i = 0; i < graph.config().layers(); i++) {
            groups.addAll(of(new StagedLayer(graph.config(), i, kernels), free));
        }
        if (!graph.config().tiedEmbeddings() && free.test(graph.head())) {
            groups.add(new WeightGroup(graph.head().name(), List.of(graph.head())));
        }
        return groups;
    }
}
