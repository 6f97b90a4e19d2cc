package ingot.quant.calibration;

import ingot.formats.Progress;
import ingot.quant.transform.Equivalence;
import ingot.quant.transform.EquivalentModel;
import ingot.quant.transform.Place;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.model.ModelGraph;
import ingot.runtime.model.StagedLayer;
import ingot.runtime.model.WeightSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * Chooses the transforms that depend on activations, in one pass through the layers as they are in the source. In memory
 * are one layer's matrices and a sequence.
 */
public final class ChannelPass {
    /** Every how many sequences are used. */
    private static final int STRIDE = 4;

    private final ModelGraph graph;
    private final LayerWeights weights;
    private final CalibrationSet set;
    private final Kernels kernels;

    /** @param weights of the source, with the types they will be rounded to */
    public ChannelPass(ModelGraph graph, LayerWeights weights, CalibrationSet set, Kernels kernels) {
        this.graph = graph;
        this.weights = weights;
        this.set = set;
        this.kernels = kernels;
    }

    /**
     * The model with the same outputs.
     *
     * @param wanted ways to it; a rotation is part of the source by now
     * @param work whose folder holds the activations meanwhile
     */
    public EquivalentModel measure(Set<Equivalence> wanted, WorkFolder work, Progress progress) {
        EquivalentModel model = EquivalentModel.of(graph);
        Path folder = work.folder();
        int hidden = graph.config().hidden();
        int layers = graph.config().layers();
        List<int[]> used = SensitivityPass.thinned(
                set.sequences(), Math.ceilDiv(set.sequences().size(), STRIDE));
        double[] importance = new double[hidden];
        try (Activations files = new Activations(
                folder,
                "",
                used.stream().map(s -> s.length).toList(),
                RowFile.create(folder.resolve("channels.f32"), hidden),
                RowFile.create(folder.resolve("normed.f32"), hidden))) {
            long first = 0;
            for (int[] sequence : used) {
                files.residual().write(first, sequence.length, weights.gather(graph.embedding(), sequence));
                first += sequence.length;
            }
            for (int i = 0; i < layers; i++) {
                progress.layer("channels", new Progress.Layers(i, layers, 0));
                StagedLayer layer = new StagedLayer(graph.config(), i, kernels);
                layer.specs().stream()
                        .filter(s -> s.role() != WeightSpec.Role.LINEAR)
                        .forEach(s -> layer.put(s, weights.read(s)));
                ChannelVisit visit = new ChannelVisit(kernels, weights, wanted, model, i);
                new LayerPass(layer, files, kernels, visit).run();
                visit.end();
                for (int c = 0; c < hidden; c++) {
                    importance[c] += visit.importance()[c];
                }
            }
            progress.layer("channels", Progress.Layers.done(layers));
        }
        if (wanted.contains(Equivalence.FREE_ORDER)) {
            // Rotated rows are made a block at a time: an order across blocks would make them again for every row.
            int block = wanted.contains(Equivalence.ROTATE) ? Integer.lowestOneBit(hidden) : hidden;
            model.apply(new Place.Residual(), ChannelVisit.order(importance, block));
        }
        return model;
    }
}
