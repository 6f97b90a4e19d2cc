package ingot.quant.transform;

import ingot.formats.hf.ModelConfig;
import ingot.quant.scheme.MatrixSource;
import ingot.runtime.model.LayerWiring;
import ingot.runtime.model.LayerWiring.Values;
import ingot.runtime.model.ModelGraph;
import ingot.runtime.model.WeightSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A model with the outputs of another one and other weights: {@link Transform}s at {@link Place}s, and what becomes of every
 * weight by them. Weights are made row by row as they are read; what is folded is folded in f64.
 */
public final class EquivalentModel {
    private final ModelGraph graph;
    private final ModelGraph source;
    private final Map<String, Edit> edits = new HashMap<>();

    /**
     * What becomes of one weight.
     *
     * @param outputs transforms of what it writes, in order; a vector is what it writes
     * @param columns maps of its rows, in order, before that
     */
    private record Edit(List<Transform> outputs, List<Consumer<double[]>> columns) {
        Edit() {
            this(new ArrayList<>(), new ArrayList<>());
        }
    }

    private EquivalentModel(ModelGraph graph, ModelGraph source) {
        this.graph = graph;
        this.source = source;
    }

    /** A model as it is, for {@link #apply}. */
    public static EquivalentModel of(ModelGraph source) {
        return new EquivalentModel(source, source);
    }

    /** A model whose head is a matrix of its own, as the embedding is, for {@link #apply}. */
    public static EquivalentModel untied(ModelGraph source, ModelConfig config) {
        if (config.tiedEmbeddings()) {
            throw new IllegalArgumentException("the configuration ties head and embedding");
        }
        return new EquivalentModel(ModelGraph.of(config), source);
    }

    /** The weights of this model. */
    public ModelGraph graph() {
        return graph;
    }

    /** The weight of the source that a weight is made of. */
    public WeightSpec origin(WeightSpec weight) {
        return weight.role() == WeightSpec.Role.HEAD ? source.head() : weight;
    }

    /** Whether a weight differs from its origin. */
    public boolean changes(WeightSpec weight) {
        return edits.containsKey(weight.name());
    }

    /**
     * Transforms a place; later transforms act on what earlier ones left.
     *
     * @throws IllegalArgumentException when the outputs would not stay the same
     */
    public void apply(Place place, Transform transform) {
        switch (place) {
            case Place.Residual r -> residual(transform);
            case Place.MixerInput(int layer) -> {
                LayerWiring wiring = wiring(layer);
                behindNorm(wiring.norms().getFirst(), wiring.mixerReaders(), transform);
            }
            case Place.FeedInput(int layer) -> {
                LayerWiring wiring = wiring(layer);
                behindNorm(wiring.norms().getLast(), wiring.feedReaders(), transform);
            }
            case Place.HeadInput h -> {
                if (graph.config().tiedEmbeddings()) {
                    throw new IllegalArgumentException("the head is the embedding");
                }
                behindNorm(graph.finalNorm(), List.of(graph.head()), transform);
            }
            case Place.Values(int layer) -> values(wiring(layer), transform);
            case Place.Inner(int layer, int branch) -> {
                var mlp = wiring(layer).branches().get(branch);
                edit(mlp.up()).outputs().add(transform);
                switch (transform) {
                    // The gate passes a nonlinearity, which lets no scale through; any order it does.
                    case ChannelScaling s -> {}
                    case Permutation p -> edit(mlp.gate()).outputs().add(p);
                    case Rotation r -> throw new IllegalArgumentException("the gate is between up and down");
                }
                edit(mlp.down()).columns().add(transform::read);
            }
        }
    }

    private LayerWiring wiring(int layer) {
        return LayerWiring.of(graph.config(), layer);
    }

    private Edit edit(WeightSpec weight) {
        return edits.computeIfAbsent(weight.name(), n -> new Edit());
    }

    private void behindNorm(WeightSpec norm, List<WeightSpec> readers, Transform transform) {
        if (!(transform instanceof ChannelScaling)) {
            throw new IllegalArgumentException("a norm scales its channels, and can do nothing else to them");
        }
        edit(norm).outputs().add(transform);
        readers.forEach(r -> edit(r).columns().add(transform::read));
    }

    /** A stream that is rotated has to have norms without scales: those are folded into their readers before. */
    private void residual(Transform transform) {
        boolean moves = transform instanceof Permutation;
        if (transform instanceof ChannelScaling) {
            throw new IllegalArgumentException("norms see the scale of the stream");
        }
        edit(graph.embedding()).columns().add(transform::write);
        for (int i = 0; i < graph.config().layers(); i++) {
            LayerWiring wiring = wiring(i);
            List<WeightSpec> writers = new ArrayList<>(List.of(wiring.mixerOutput()));
            wiring.branches().forEach(b -> writers.add(b.down()));
            for (WeightSpec writer : writers) {
                edit(writer).outputs().add(transform);
                wiring.bias(writer).ifPresent(b -> edit(b).outputs().add(transform));
            }
            if (moves) {
                wiring.norms().forEach(n -> edit(n).outputs().add(transform));
            }
            wiring.mixerReaders().forEach(r -> edit(r).columns().add(transform::read));
            wiring.feedReaders().forEach(r -> edit(r).columns().add(transform::read));
        }
        if (moves) {
            edit(graph.finalNorm()).outputs().add(transform);
        }
        if (!graph.config().tiedEmbeddings()) {
            edit(graph.head()).columns().add(transform::read);
        } else if (!moves) {
            throw new IllegalArgumentException("the head is the embedding, and the last norm is between them");
        }
    }

    private void values(LayerWiring wiring, Transform transform) {
        Values values = wiring.values()
                .filter(v -> transform instanceof ChannelScaling || !v.gated())
                .orElseThrow(() -> new IllegalArgumentException("the mixer tells its values' channels apart"));
        WeightSpec writer = values.writer();
        int[] written = new int[writer.rows()];
        Arrays.fill(written, -1);
        for (int i = 0; i < values.heads() * values.headDim(); i++) {
            written[values.firstRow() + i] = i;
        }
        Transform writes = transform.copied(written);
        edit(writer).outputs().add(writes);
        wiring.bias(writer).ifPresent(b -> edit(b).outputs().add(writes));
        edit(wiring.mixerOutput()).columns().add(transform.copied(valueChannels(values))::read);
    }

    /** For every channel that the mixer's output reads, the channel of the values it is a copy of. */
    public static int[] valueChannels(Values values) {
        int[] of = new int[values.queryHeads() * values.headDim()];
        int share = values.queryHeads() / values.heads();
        Arrays.setAll(of, i -> i / values.headDim() / share * values.headDim() + i % values.headDim());
        return of;
    }

    /**
     * The rows of a weight of this model.
     *
     * @param matrix those of its origin
     */
    public MatrixSource rows(WeightSpec weight, MatrixSource matrix) {
        Edit edit = edits.get(weight.name());
        if (edit == null) {
            return matrix;
        }
        if (!weight.role().matrix()) {
            double offset = weight.role() == WeightSpec.Role.OFFSET_NORM ? 1 : 0;
            List<Consumer<double[]>> writes = new ArrayList<>();
            edit.outputs().forEach(t -> writes.add(t::write));
            return new Mapped(matrix, writes, offset);
        }
        MatrixSource rows = edit.columns().isEmpty() ? matrix : new Mapped(matrix, edit.columns(), 0);
        for (Transform output : edit.outputs()) {
            rows = output.rows(rows);
        }
        return rows;
    }

    /**
     * A matrix with each of its rows mapped.
     *
     * @param offset is added before and taken off after
     */
    private record Mapped(MatrixSource matrix, List<Consumer<double[]>> maps, double offset)
            implements Transform.Derived {
        @Override
        public void read(long first, int n, float[] out) {
            matrix.read(first, n, out);
            int cols = cols();
            double[] row = new double[cols];
            for (int r = 0; r < n; r++) {
                for (int i = 0; i < cols; i++) {
                    row[i] = out[r * cols + i] + offset;
                }
                maps.forEach(m -> m.accept(row));
                for (int i = 0; i < cols; i++) {
                    out[r * cols + i] = (float) (row[i] - offset);
                }
            }
        }
    }
}
