package ingot.quant.calibration;

import ingot.formats.Progress;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.model.FinalNorm;
import ingot.runtime.model.ModelGraph;
import ingot.runtime.model.StagedLayer;
import ingot.runtime.model.WeightSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Rounds all matrices of a model with error feedback, layer by layer, each on activations that already carry the errors of
 * those before it. In memory are the matrices of one place of a layer in f32, their Hessian and a sequence; the activations
 * of the whole set lie in files. With drift correction the full-precision model's activations run beside them, which doubles
 * the forward pass, these files, the matrices and the Hessian. {@link WorkingSet} adds it up. The numbers depend on weights, calibration set and options alone.
 */
public final class SequentialQuantizer {
    private final ModelGraph graph;
    private final LayerWeights weights;
    private final CalibrationSet set;
    private final Kernels kernels;
    private final Rounding how;

    public SequentialQuantizer(
            ModelGraph graph, LayerWeights weights, CalibrationSet set, Kernels kernels, Rounding how) {
        this.graph = graph;
        this.weights = weights;
        this.set = set;
        this.kernels = kernels;
        this.how = how;
    }

    /** Does the steps that {@code work} lacks: embedding, every layer, head. */
    public void run(WorkFolder work, Progress progress) {
        int layers = graph.config().layers();
        try {
            work.requireSpace(bytes());
            if (work.steps() == 0) {
                new Storable(graph, weights).require();
                embed(work);
            }
            work.require(streams());
            for (int step = work.steps(); step <= layers; step++) {
                step(work, step, new Counter(progress, step, layers));
            }
        } catch (IOException e) {
            throw WorkFiles.unwritable(work.folder(), e);
        }
    }

    /** What lies in the work folder at most: every tensor, and of each stream the rows before, behind and within a layer. */
    private long bytes() {
        long tensors = 0;
        long widest = 0;
        for (WeightSpec w : graph.weights()) {
            if (w.role().matrix() && weights.calibrated(w)) {
                tensors += weights.target(w).parts(w.rows(), w.cols()).stream()
                        .mapToLong(Long::longValue)
                        .sum();
                widest = Math.max(widest, w.cols());
            }
        }
        long row = Float.BYTES * (3L * graph.config().hidden() + widest);
        return Math.addExact(tensors, Math.multiplyExact(streams().size() * row, set.tokens()));
    }

    /**
     * Counts what is done of a step. A matrix of {@code rows × cols} counts {@code cols · (rows + cols)}: sums over its inputs
     * take time as cols², products and rounding as rows · cols. Counted by heads, the first estimates are half of the truth.
     */
    private static final class Counter {
        private final Progress progress;
        private final int step;
        private final int layers;
        private double total;
        private double done;

        Counter(Progress progress, int step, int layers) {
            this.progress = progress;
            this.step = step;
            this.layers = layers;
        }

        void begin(List<WeightSpec> matrices) {
            total = matrices.stream().mapToDouble(m -> cost(m, m.rows())).sum();
            tell(0);
        }

        void next(WeightSpec matrix, int rows) {
            done += cost(matrix, rows);
            tell(total == 0 ? 1 : Math.min(1, done / total));
        }

        private static double cost(WeightSpec matrix, double rows) {
            return matrix.cols() * (rows + matrix.cols() * rows / matrix.rows());
        }

        void end() {
            tell(1);
        }

        private void tell(double share) {
            progress.layer("calibration", new Progress.Layers(step, layers, share));
        }
    }

    /** The residual streams that pass the layers: the rounded model's and, for drift correction, the source's. */
    private List<Residual> streams() {
        return how instanceof Rounding.Feedback feedback && feedback.drift() != 0
                ? List.of(Residual.ROUNDED, Residual.SOURCE)
                : List.of(Residual.ROUNDED);
    }

    /** The residual streams before the first layer. */
    private void embed(WorkFolder work) {
        int hidden = graph.config().hidden();
        WeightSpec embedding = graph.embedding();
        // A tied matrix is rounded at the end, for its other use.
        boolean tied = graph.config().tiedEmbeddings();
        for (Residual stream : streams()) {
            boolean rounded = stream == Residual.ROUNDED && !tied;
            try (RowFile file = RowFile.create(work.hidden(stream, 0), hidden)) {
                long first = 0;
                for (int[] sequence : set.sequences()) {
                    float[] rows = weights.gather(embedding, sequence);
                    file.write(
                            first,
                            sequence.length,
                            rounded ? weights.plain(embedding, rows).stored() : rows);
                    first += sequence.length;
                }
            }
        }
    }

    private void step(WorkFolder work, int step, Counter counter) throws IOException {
        work.begin();
        TensorSink sink = (spec, firstRow, rounded, note) -> {
            work.add(spec, weights.target(spec), firstRow, rounded, note);
            counter.next(spec, rounded.stored().length / spec.cols());
        };
        Site site = new Site(kernels, how, weights, sink);
        try (Streams files = files(work, step)) {
            if (step < graph.config().layers()) {
                List<LayerStream> streams = new ArrayList<>();
                for (Activations activations : files.all()) {
                    Visit visit = streams.isEmpty() ? site : new SourceVisit(weights);
                    StagedLayer layer = new StagedLayer(graph.config(), step, kernels);
                    layer.specs().stream()
                            .filter(s -> s.role() != WeightSpec.Role.LINEAR)
                            .forEach(s -> layer.put(s, weights.read(s)));
                    streams.add(new LayerStream(layer, activations, visit));
                }
                counter.begin(streams.getFirst().layer().specs().stream()
                        .filter(s -> s.role() == WeightSpec.Role.LINEAR && weights.calibrated(s))
                        .toList());
                new LayerPass(streams, weights, kernels).run();
                work.routed(site.experts());
            } else {
                head(files.all(), site, counter);
            }
            // Before the step is listed as done.
            files.all().forEach(f -> f.residual().force());
        }
        work.end();
        counter.end();
    }

    /** The files of every stream. */
    private record Streams(List<Activations> all) implements AutoCloseable {
        @Override
        public void close() {
            all.forEach(Activations::close);
        }
    }

    private Streams files(WorkFolder work, int step) throws IOException {
        int hidden = graph.config().hidden();
        List<Integer> lengths = set.sequences().stream().map(s -> s.length).toList();
        List<Activations> all = new ArrayList<>();
        for (Residual stream : streams()) {
            Path output = work.hidden(stream, step + 1);
            // The step changes the stream in place; a copy keeps what it began with until it is done.
            Files.copy(work.hidden(stream, step), output, StandardCopyOption.REPLACE_EXISTING);
            String name = stream.prefix();
            all.add(new Activations(
                    work.folder(),
                    name,
                    lengths,
                    RowFile.open(output, hidden),
                    RowFile.create(work.folder().resolve(name + "normed.f32"), hidden)));
        }
        return new Streams(all);
    }

    private void head(List<Activations> files, Site site, Counter counter) {
        WeightSpec head = graph.head();
        if (!weights.calibrated(head)) {
            return;
        }
        counter.begin(List.of(head));
        FinalNorm norm = new FinalNorm(graph, weights.read(graph.finalNorm()), kernels);
        // A tied matrix must not be moved from what it is for its other use.
        List<Activations> looked = graph.config().tiedEmbeddings() ? files.subList(0, 1) : files;
        site.quantizeHead(head, headMoments(looked, norm, kernels));
    }

    /** What the head reads. */
    static Moments headMoments(List<Activations> streams, FinalNorm norm, Kernels kernels) {
        Activations main = streams.getFirst();
        int hidden = main.residual().width();
        Moments moments = Moments.of(hidden, true, streams.size());
        float[] residual = new float[main.longest() * hidden];
        List<float[]> normed =
                streams.stream().map(s -> new float[main.longest() * hidden]).toList();
        main.forEach((first, n) -> {
            for (int i = 0; i < streams.size(); i++) {
                streams.get(i).residual().read(first, n, residual);
                norm.apply(residual, n, normed.get(i));
            }
            moments.add(normed, n, kernels);
        });
        return moments;
    }
}
