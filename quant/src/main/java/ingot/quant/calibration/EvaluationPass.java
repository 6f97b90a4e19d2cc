package ingot.quant.calibration;

import ingot.formats.DType;
import ingot.formats.Progress;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.Matrix;
import ingot.runtime.model.FinalNorm;
import ingot.runtime.model.ModelGraph;
import ingot.runtime.model.StagedLayer;
import ingot.runtime.model.WeightSpec;
import ingot.runtime.perplexity.PerplexityOptions;
import ingot.runtime.perplexity.PerplexityResult;
import ingot.runtime.perplexity.Scores;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/**
 * Compares the predictions of two sets of weights of one model over windows of text, as {@link
 * ingot.runtime.perplexity.Perplexity} does, but layer by layer: every matrix is read once, and in memory are one layer's
 * matrices, a window and a panel of the head, however large the model. Streams lie in files.
 */
public final class EvaluationPass {
    /** Scored positions whose logits of a panel are in memory at once. */
    private static final int POSITIONS = 2048;

    private final ModelGraph graph;
    private final Weighed reference;
    private final Weighed model;
    private final Kernels kernels;

    /** A model; two of them may differ in whether the head is the embedding. */
    public record Weighed(ModelGraph graph, LayerWeights weights) {}

    /** @param reference what {@code model} is compared with */
    public EvaluationPass(Weighed reference, Weighed model, Kernels kernels) {
        this.graph = reference.graph();
        this.reference = reference;
        this.model = model;
        this.kernels = kernels;
    }

    /** One set of weights and its residual stream. */
    private record Side(LayerWeights weights, RowFile residual) {}

    /**
     * Scores the second half of each window.
     *
     * @param windows of {@link PerplexityOptions#context} tokens each
     * @param work whose folder holds the streams
     */
    public PerplexityResult run(List<int[]> windows, PerplexityOptions options, WorkFolder work, Progress progress) {
        int hidden = graph.config().hidden();
        int layers = graph.config().layers();
        // The last token of a window is only predicted, never read.
        List<int[]> read =
                windows.stream().map(w -> Arrays.copyOf(w, w.length - 1)).toList();
        List<Integer> lengths = read.stream().map(w -> w.length).toList();
        try (RowFile first = RowFile.create(work.folder().resolve("reference.f32"), hidden);
                RowFile second = RowFile.create(work.folder().resolve("model.f32"), hidden);
                RowFile normed = RowFile.create(work.folder().resolve("normed.f32"), hidden)) {
            List<Side> sides = List.of(new Side(reference.weights(), first), new Side(model.weights(), second));
            sides.forEach(side -> embed(read, side));
            for (int i = 0; i < layers; i++) {
                progress.layer("evaluation", new Progress.Layers(i, layers, 0));
                for (Side side : sides) {
                    StagedLayer layer = new StagedLayer(graph.config(), i, kernels);
                    layer.specs().stream()
                            .filter(s -> s.role() != WeightSpec.Role.LINEAR)
                            .forEach(s -> layer.put(s, side.weights().read(s)));
                    var files = new Activations(work.folder(), "", lengths, side.residual(), normed);
                    new LayerPass(layer, files, kernels, new SourceVisit(side.weights())).run();
                }
            }
            progress.layer("evaluation", new Progress.Layers(layers, layers, 0));
            PerplexityResult result = score(windows, options, sides);
            progress.layer("evaluation", Progress.Layers.done(layers));
            return result;
        }
    }

    private void embed(List<int[]> windows, Side side) {
        long first = 0;
        for (int[] window : windows) {
            side.residual().write(first, window.length, side.weights().gather(graph.embedding(), window));
            first += window.length;
        }
    }

    private PerplexityResult score(List<int[]> windows, PerplexityOptions options, List<Side> sides) {
        int hidden = graph.config().hidden();
        int scored = options.scored();
        List<FinalNorm> norms = sides.stream()
                .map(s -> new FinalNorm(graph, s.weights().read(graph.finalNorm()), kernels))
                .toList();
        Scores scores = new Scores(Math.multiplyExact(windows.size(), scored));
        int atOnce = Math.max(1, POSITIONS / scored);
        for (int at = 0; at < windows.size(); at += atOnce) {
            List<int[]> some = windows.subList(at, Math.min(windows.size(), at + atOnce));
            int tokens = some.size() * scored;
            float[][] inputs = new float[sides.size()][tokens * hidden];
            int[] next = new int[tokens];
            float[] rows = new float[scored * hidden];
            float[] out = new float[rows.length];
            for (int w = 0; w < some.size(); w++) {
                System.arraycopy(some.get(w), options.first() + 1, next, w * scored, scored);
                long from = (long) (at + w) * (options.context() - 1) + options.first();
                for (int side = 0; side < inputs.length; side++) {
                    sides.get(side).residual().read(from, scored, rows);
                    norms.get(side).apply(rows, scored, out);
                    System.arraycopy(out, 0, inputs[side], w * scored * hidden, out.length);
                }
            }
            compare(inputs[0], inputs[1], next, scores);
        }
        return scores.result(windows.size(), options.context());
    }

    /** @param next the tokens that follow */
    private void compare(float[] expectedInputs, float[] inputs, int[] next, Scores scores) {
        int rows = graph.head().rows();
        Divergence divergence = new Divergence(kernels, next.length, 1);
        float[] expected = new float[next.length * Site.HEAD_ROWS];
        float[] logits = new float[expected.length];
        float[] ofExpected = new float[next.length];
        float[] ofModel = new float[next.length];
        for (int first = 0; first < rows; first += Site.HEAD_ROWS) {
            int n = Math.min(Site.HEAD_ROWS, rows - first);
            kernels.matmul(panel(reference, first, n), expectedInputs, next.length, expected);
            divergence.reference(expected, n);
        }
        for (int first = 0; first < rows; first += Site.HEAD_ROWS) {
            int n = Math.min(Site.HEAD_ROWS, rows - first);
            kernels.matmul(panel(reference, first, n), expectedInputs, next.length, expected);
            kernels.matmul(panel(model, first, n), inputs, next.length, logits);
            divergence.add(0, expected, logits, n);
            for (int t = 0; t < next.length; t++) {
                if (next[t] >= first && next[t] < first + n) {
                    ofExpected[t] = expected[t * n + next[t] - first];
                    ofModel[t] = logits[t * n + next[t] - first];
                }
            }
        }
        for (int t = 0; t < next.length; t++) {
            double kld = Math.max(0, divergence.of(0, t));
            var with = new Scores.Compared(divergence.normalizer(t) - ofExpected[t], kld, divergence.sameTop(0, t));
            scores.add(divergence.normalizer(0, t) - ofModel[t], with);
        }
    }

    private static Matrix panel(Weighed of, int first, int n) {
        float[] rows = of.weights().read(of.graph().head(), first, n);
        return Matrix.dense(DType.F32, n, of.graph().head().cols(), MemorySegment.ofArray(rows));
    }
}
