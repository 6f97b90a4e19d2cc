package ingot.quant.calibration;

import ingot.formats.Progress;
import ingot.formats.io.InputFile;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.model.FinalNorm;
import ingot.runtime.model.ModelGraph;
import ingot.runtime.model.StagedLayer;
import ingot.runtime.model.WeightSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/**
 * Rounds all matrices of a model by what they read, layer by layer, each on activations that already carry the errors of
 * those before it. In memory are one matrix, its Hessian and the sequence at hand; the activations of the whole set lie in
 * files. The numbers depend on weights, calibration set and options alone.
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
            if (work.steps() == 0) {
                embed(work);
            }
            for (int step = work.steps(); step <= layers; step++) {
                step(work, step, new Counter(progress, step, layers));
            }
        } catch (IOException e) {
            throw InputFile.failure(work.folder(), e);
        }
    }

    /** Counts the tensors of a step. */
    private static final class Counter {
        private final Progress progress;
        private final String phase;
        private long total;
        private long done;

        Counter(Progress progress, int step, int layers) {
            this.progress = progress;
            this.phase = step == layers ? "output head" : "layer " + (step + 1) + "/" + layers;
        }

        void begin(long tensors) {
            total = tensors;
            progress.step(phase, 0, total, Progress.Unit.TENSORS);
        }

        void next() {
            progress.step(phase, Math.min(++done, total), total, Progress.Unit.TENSORS);
        }
    }

    /** The residual stream before the first layer. */
    private void embed(WorkFolder work) {
        int hidden = graph.config().hidden();
        WeightSpec embedding = graph.embedding();
        try (RowFile file = RowFile.create(work.hidden(0), hidden)) {
            long first = 0;
            for (int[] sequence : set.sequences()) {
                float[] rows = weights.gather(embedding, sequence);
                // A tied matrix is rounded at the end, for its other use.
                if (!graph.config().tiedEmbeddings()) {
                    rows = weights.plain(embedding, rows).stored();
                }
                file.write(first, sequence.length, rows);
                first += sequence.length;
            }
        }
    }

    private void step(WorkFolder work, int step, Counter counter) throws IOException {
        Path input = work.hidden(step);
        Path output = work.hidden(step + 1);
        // The step changes the stream in place; a copy keeps what it began with until it is done.
        Files.copy(input, output, StandardCopyOption.REPLACE_EXISTING);
        int hidden = graph.config().hidden();
        List<Integer> lengths = set.sequences().stream().map(s -> s.length).toList();
        work.begin();
        TensorSink sink = (spec, firstRow, rounded, note) -> {
            work.add(spec, weights.target(spec), firstRow, rounded, note);
            counter.next();
        };
        Site site = new Site(kernels, how, weights, sink);
        try (Activations files = new Activations(
                work.folder(),
                lengths,
                RowFile.open(output, hidden),
                RowFile.create(work.folder().resolve("normed.f32"), hidden))) {
            if (step < graph.config().layers()) {
                StagedLayer layer = new StagedLayer(graph.config(), step, kernels);
                List<WeightSpec> specs = layer.specs();
                counter.begin(specs.stream()
                        .filter(s -> s.role() == WeightSpec.Role.LINEAR && weights.calibrated(s))
                        .count());
                specs.stream()
                        .filter(s -> s.role() != WeightSpec.Role.LINEAR)
                        .forEach(s -> layer.put(s, weights.read(s)));
                new LayerPass(layer, files, kernels, site).run();
                work.routed(site.experts());
            } else {
                head(files, site, counter);
            }
            // Before the step is listed as done.
            files.residual().force();
        }
        work.end();
    }

    private void head(Activations files, Site site, Counter counter) {
        WeightSpec head = graph.head();
        if (!weights.calibrated(head)) {
            return;
        }
        counter.begin(Math.ceilDiv(head.rows(), Site.HEAD_ROWS));
        FinalNorm norm = new FinalNorm(graph, weights.read(graph.finalNorm()), kernels);
        site.quantizeHead(head, headHessian(files, norm, kernels));
    }

    /** Σ x·xᵀ of what the head reads. */
    static float[] headHessian(Activations files, FinalNorm norm, Kernels kernels) {
        int hidden = files.residual().width();
        float[] h = Site.hessian(hidden);
        float[] residual = new float[files.longest() * hidden];
        float[] normed = new float[files.longest() * hidden];
        files.forEach((first, n) -> {
            files.residual().read(first, n, residual);
            norm.apply(residual, n, normed);
            kernels.blas().gram(normed, n, hidden, h);
        });
        return h;
    }
}
