package ingot.quant.calibration;

import ingot.formats.Progress;
import ingot.formats.block.Layout;
import ingot.quant.calibration.CandidateErrors.Errors;
import ingot.quant.calibration.CandidateErrors.Sample;
import ingot.quant.gptq.Target;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.model.FinalNorm;
import ingot.runtime.model.ModelGraph;
import ingot.runtime.model.StagedLayer;
import ingot.runtime.model.WeightSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;

/**
 * Measures what rounding each matrix costs, with everything else as in the source. One pass through the layers gathers
 * the Hessian at every place and rounds sampled rows to every candidate type; beside it run probes: short copies of the
 * residual stream in which one group of matrices is rounded to one type, and whose divergence at the logits is the
 * group's damage at that type. Damage at the other types is in proportion to the error of the group's outputs. In
 * memory are one layer's matrices and a sequence; all streams lie in files. The numbers depend on weights, calibration
 * set and options alone.
 */
public final class SensitivityPass {
    /** Every how many sequences are used: choosing among types takes fewer than choosing codes. */
    private static final int STRIDE = 4;

    /** Probes take about this many multiply-adds altogether … */
    private static final double PROBE_WORK = 2e13;

    /** … and each this many tokens. */
    private static final int LEAST_PROBE = 128;

    private static final int MOST_PROBE = 2048;

    /** Rows of embedding and head that are rounded to every type. */
    private static final int VOCABULARY_ROWS = 192;

    private final ModelGraph graph;
    private final LayerWeights weights;
    private final CalibrationSet set;
    private final Kernels kernels;
    private final CandidateErrors candidates;
    private final Predicate<WeightSpec> free;

    /**
     * @param rounding of the conversion that is planned
     * @param types to choose from
     */
    public SensitivityPass(Model model, CalibrationSet set, Kernels kernels, Rounding rounding, List<Layout> types) {
        this.graph = model.graph();
        this.weights = model.weights();
        this.set = set;
        this.kernels = kernels;
        this.candidates = new CandidateErrors(kernels, weights, rounding, types);
        this.free = model.free();
    }

    /**
     * What is measured.
     *
     * @param free which matrices there is a choice for
     */
    public record Model(ModelGraph graph, LayerWeights weights, Predicate<WeightSpec> free) {}

    /**
     * Measures the groups of {@link WeightGroup#of(ModelGraph, Kernels, Predicate)}, in that order.
     *
     * @param work whose folder holds the streams
     */
    public List<Sensitivity> measure(WorkFolder work, Progress progress) {
        Path folder = work.folder();
        int hidden = graph.config().hidden();
        List<WeightGroup> groups = WeightGroup.of(graph, kernels, free);
        List<int[]> used = thinned(set.sequences(), Math.ceilDiv(set.sequences().size(), STRIDE));
        List<int[]> probed = probed(used, groups.size());
        try {
            work.requireSpace(bytes(tokens(used), tokens(probed), groups.size()));
        } catch (IOException e) {
            throw WorkFiles.unwritable(folder, e);
        }
        try (RowFile residual = RowFile.create(folder.resolve("sensitivity.f32"), hidden);
                RowFile normed = RowFile.create(folder.resolve("normed.f32"), hidden);
                RowFile rounded = RowFile.create(folder.resolve("rounded.f32"), 1);
                Probes probes = new Probes(folder, lengths(probed), hidden)) {
            embed(used, residual, false);
            embed(probed, probes.residual(), false);
            boolean lookup = free.test(graph.embedding());
            if (lookup) {
                probes.begin(rows -> embed(probed, rows, true));
            }
            Activations files = new Activations(folder, "", lengths(used), residual, normed);
            List<Errors> errors = new ArrayList<>();
            int layers = graph.config().layers();
            for (int i = 0; i < layers; i++) {
                progress.layer("sensitivity", new Progress.Layers(i, layers, 0));
                StagedLayer layer = new StagedLayer(graph.config(), i, kernels);
                layer.specs().stream()
                        .filter(s -> s.role() != WeightSpec.Role.LINEAR)
                        .forEach(s -> layer.put(s, weights.read(s)));
                MeasuringVisit measuring = new MeasuringVisit(weights, candidates, free, rounded);
                new LayerPass(layer, files, kernels, measuring).run();
                List<WeightGroup> here = WeightGroup.of(layer, free);
                here.forEach(g -> errors.add(measuring.errors(g)));
                probes.pass(layer, here, measuring, kernels);
            }
            progress.layer("sensitivity", new Progress.Layers(layers, layers, 0));
            List<Sensitivity> found = atHead(groups, errors, files, probes);
            progress.layer("sensitivity", Progress.Layers.done(layers));
            return found;
        }
    }

    /** What lies in the work folder at most: streams, what is inside a layer, and a layer as the probes round it. */
    private long bytes(long used, long probed, int groups) {
        long widest = 0;
        long matrices = 0;
        for (WeightSpec w : graph.weights()) {
            if (w.role() == WeightSpec.Role.LINEAR) {
                widest = Math.max(widest, w.cols());
                matrices += Math.multiplyExact((long) w.rows(), w.cols());
            }
        }
        long streams = Math.multiplyExact(probed, groups + 1L);
        long rows =
                Math.addExact(2 * used, streams + 2 * probed) * graph.config().hidden();
        long inside = Math.multiplyExact(Math.max(used, streams), widest);
        return Math.multiplyExact(
                Float.BYTES, rows + inside + matrices / graph.config().layers());
    }

    private static long tokens(List<int[]> sequences) {
        return sequences.stream().mapToLong(s -> s.length).sum();
    }

    private static List<Integer> lengths(List<int[]> sequences) {
        return sequences.stream().map(s -> s.length).toList();
    }

    /** {@code count} sequences, evenly spaced. */
    static List<int[]> thinned(List<int[]> all, int count) {
        List<int[]> some = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            some.add(all.get(Math.toIntExact((long) i * all.size() / count)));
        }
        return some;
    }

    /** The sequences, or the beginning of one, that the probes pass. */
    private List<int[]> probed(List<int[]> used, int groups) {
        double each = PROBE_WORK / ((double) graph.parameters() * Math.max(1, groups));
        int tokens = (int) Math.clamp(each, LEAST_PROBE, MOST_PROBE);
        int length = used.stream().mapToInt(s -> s.length).max().orElse(1);
        return thinned(used, Math.clamp(tokens / length, 1, used.size())).stream()
                .map(s -> s.length > tokens ? Arrays.copyOf(s, tokens) : s)
                .toList();
    }

    private void embed(List<int[]> sequences, RowFile out, boolean rounded) {
        WeightSpec embedding = graph.embedding();
        long first = 0;
        for (int[] sequence : sequences) {
            float[] rows = weights.gather(embedding, sequence);
            float[] used = rounded
                    ? weights.plain(embedding, new Target.Stored(CandidateErrors.PROBE), rows)
                            .stored()
                    : rows;
            out.write(first, sequence.length, used);
            first += sequence.length;
        }
    }

    /** The head: its own error, and the divergence of all streams. */
    private List<Sensitivity> atHead(
            List<WeightGroup> groups, List<Errors> inLayers, Activations files, Probes probes) {
        WeightSpec head = graph.head();
        FinalNorm norm = new FinalNorm(graph, weights.read(graph.finalNorm()), kernels);
        boolean tied = graph.config().tiedEmbeddings();
        HeadProbe probe = new HeadProbe(kernels, weights, head);
        Errors errors = candidates.none();
        List<Double> damage;
        if (free.test(head)) {
            Moments moments = SequentialQuantizer.headMoments(List.of(files), norm, kernels);
            Sample sample = vocabulary(head, errors);
            double[][] found = {{}};
            candidates.measure(
                    List.of(sample),
                    moments.tooWide() ? null : moments.h(),
                    f -> found[0] = probe.divergences(
                            probes,
                            norm,
                            (rows, n) -> candidates
                                    .round(head, rows, CandidateErrors.PROBE, f)
                                    .stored()));
            damage = Arrays.stream(found[0]).boxed().toList();
        } else {
            damage =
                    Arrays.stream(probe.divergences(probes, norm, null)).boxed().toList();
        }
        return collect(groups, inLayers, new AtHead(tied, errors, damage));
    }

    /**
     * What was measured at the head.
     *
     * @param damage of the probes, and of the head's rounding at the end if it is free
     */
    private record AtHead(boolean tied, Errors errors, List<Double> damage) {}

    private List<Sensitivity> collect(List<WeightGroup> groups, List<Errors> inLayers, AtHead atHead) {
        List<Sensitivity> found = new ArrayList<>();
        int probe = candidates.probeIndex();
        int probed = 0;
        int layerGroup = 0;
        for (WeightGroup group : groups) {
            WeightSpec first = group.tensors().getFirst();
            List<Double> damage;
            if (first.role() == WeightSpec.Role.LINEAR) {
                Errors e = inLayers.get(layerGroup++);
                double[] by = e.outputs()[probe] > 0 ? e.outputs() : e.squares();
                damage = candidates.damage(atHead.damage().get(probed++), by, by[probe]);
            } else if (first.equals(graph.embedding())) {
                damage = lookup(atHead, probed++);
            } else {
                damage = ofHead(atHead);
            }
            found.add(new Sensitivity(group, damage));
        }
        return found;
    }

    /** An embedding, and the head's use of it where they are one: the errors of both uses count. */
    private List<Double> lookup(AtHead atHead, int probed) {
        Errors plain = candidates.none();
        Sample sample = vocabulary(graph.embedding(), plain);
        CandidateErrors rtn = candidates.plainly();
        rtn.measure(List.of(sample), null, factor -> {});
        double base = plain.squares()[candidates.probeIndex()];
        double measured = atHead.damage().get(probed);
        if (!atHead.tied()) {
            return candidates.damage(measured, plain.squares(), base);
        }
        List<Double> lookup = candidates.damage(measured, atHead.errors().squares(), base);
        List<Double> head = ofHead(atHead);
        List<Double> both = new ArrayList<>();
        for (int i = 0; i < head.size(); i++) {
            both.add(lookup.get(i) + head.get(i));
        }
        return both;
    }

    private List<Double> ofHead(AtHead atHead) {
        int probe = candidates.probeIndex();
        double[] outputs = atHead.errors().outputs();
        double[] by = outputs[probe] > 0 ? outputs : atHead.errors().squares();
        return candidates.damage(atHead.damage().getLast(), by, by[probe]);
    }

    private Sample vocabulary(WeightSpec spec, Errors errors) {
        int n = Math.min(VOCABULARY_ROWS, spec.rows());
        int[] rows = new int[n];
        Arrays.setAll(rows, i -> CandidateErrors.row(i, n, spec));
        return new Sample(spec, weights.gather(spec, rows), errors);
    }
}
