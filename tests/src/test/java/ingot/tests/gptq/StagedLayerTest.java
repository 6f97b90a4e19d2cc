package ingot.tests.gptq;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.DType;
import ingot.formats.Progress;
import ingot.formats.block.Dense;
import ingot.formats.hf.ModelConfigs;
import ingot.formats.ingot.IngotFile;
import ingot.formats.ingot.StoredTensor;
import ingot.quant.ConvertOptions;
import ingot.quant.Converter;
import ingot.runtime.golden.GoldenFile;
import ingot.runtime.golden.GoldenPrompt;
import ingot.runtime.kernel.Backend;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.model.FinalNorm;
import ingot.runtime.model.ModelGraph;
import ingot.runtime.model.StagedLayer;
import ingot.runtime.model.StagedLayer.Branch;
import ingot.runtime.model.StagedLayer.Route;
import ingot.runtime.model.StagedLayer.Routes;
import ingot.runtime.model.WeightSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The stages of every family's layers, one behind the other, make the reference's hidden states. */
final class StagedLayerTest {
    @TempDir
    Path temp;

    static List<String> names() {
        return Checkpoints.FAMILIES;
    }

    /** The weights of an f32 file. */
    private record Weights(IngotFile file, MemorySegment mapping) {
        float[] read(WeightSpec spec) {
            StoredTensor tensor = file.tensor(spec.name()).orElseThrow();
            int cols = Math.toIntExact(tensor.shape().cols());
            int rows = Math.toIntExact(tensor.shape().rows());
            float[] out = new float[rows * cols];
            for (int r = 0; r < rows; r++) {
                tensor.layout().decodeRow(rows, cols, file.parts(tensor, mapping), r, out, r * cols);
            }
            return out;
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    void hiddenStatesAreTheReferences(String name) {
        Path f32 = temp.resolve("f32.ingot");
        new Converter(ConvertOptions.of(new Dense(DType.F32)).withThreads(1))
                .convert(Checkpoints.folder(name), f32, Progress.none());
        double bar = Checkpoints.hybrid(name) ? 1e-8 : 1e-9;
        int checked = 0;
        try (IngotFile file = IngotFile.open(f32);
                Arena arena = Arena.ofConfined();
                GoldenFile golden = GoldenFile.open(Checkpoints.folder(name).resolve("golden.safetensors"));
                Kernels kernels = Kernels.create(Backend.AUTO, 0, 1)) {
            Weights weights = new Weights(file, file.map(arena));
            ModelGraph graph = ModelGraph.of(ModelConfigs.read(file.manifest().config(), f32));
            for (GoldenPrompt prompt : golden.prompts()) {
                if (prompt.hidden().isEmpty()) {
                    continue;
                }
                int tokens = prompt.length();
                int hidden = graph.config().hidden();
                float[] x = embed(weights.read(graph.embedding()), prompt.inputIds(), hidden);
                for (int i = 0; i < graph.config().layers(); i++) {
                    StagedLayer layer = new StagedLayer(graph.config(), i, kernels);
                    layer.specs().forEach(s -> layer.put(s, weights.read(s)));
                    forward(layer, x, tokens, hidden);
                    float[] expected = expected(golden, prompt, "layer." + i, hidden);
                    double nmse = nmse(x, expected);
                    assertTrue(nmse <= bar, name + " layer " + i + ": NMSE " + nmse);
                    checked++;
                }
                float[] normed = new float[x.length];
                new FinalNorm(graph, weights.read(graph.finalNorm()), kernels).apply(x, tokens, normed);
                double nmse = nmse(normed, expected(golden, prompt, "final_norm", hidden));
                assertTrue(nmse <= bar, name + " final norm: NMSE " + nmse);
            }
            assertEquals(graph.config().layers(), checked, "one prompt has hidden states");
        }
    }

    /** What a calibration sees, and so the bytes it leads to, is the same on every machine that has vectors. */
    @ParameterizedTest
    @MethodSource("names")
    void statesAreTheSameAtEveryWidth(String name) {
        Path f32 = temp.resolve("f32.ingot");
        new Converter(ConvertOptions.of(new Dense(DType.F32)).withThreads(1))
                .convert(Checkpoints.folder(name), f32, Progress.none());
        try (IngotFile file = IngotFile.open(f32);
                Arena arena = Arena.ofConfined();
                GoldenFile golden = GoldenFile.open(Checkpoints.folder(name).resolve("golden.safetensors"))) {
            Weights weights = new Weights(file, file.map(arena));
            ModelGraph graph = ModelGraph.of(ModelConfigs.read(file.manifest().config(), f32));
            for (GoldenPrompt prompt : golden.prompts()) {
                float[] wide = last(graph, weights, prompt.inputIds(), 512);
                for (int bits : new int[] {256, 128}) {
                    assertArrayEquals(wide, last(graph, weights, prompt.inputIds(), bits), name + " at " + bits);
                }
            }
        }
    }

    private static float[] last(ModelGraph graph, Weights weights, int[] ids, int bits) {
        int hidden = graph.config().hidden();
        float[] x = embed(weights.read(graph.embedding()), ids, hidden);
        try (Kernels kernels = Kernels.create(Backend.VECTOR, bits, 1)) {
            for (int i = 0; i < graph.config().layers(); i++) {
                StagedLayer layer = new StagedLayer(graph.config(), i, kernels);
                layer.specs().forEach(s -> layer.put(s, weights.read(s)));
                forward(layer, x, ids.length, hidden);
            }
            float[] normed = new float[x.length];
            new FinalNorm(graph, weights.read(graph.finalNorm()), kernels).apply(x, ids.length, normed);
            return normed;
        }
    }

    private static float[] embed(float[] table, int[] ids, int hidden) {
        float[] x = new float[ids.length * hidden];
        for (int t = 0; t < ids.length; t++) {
            System.arraycopy(table, ids[t] * hidden, x, t * hidden, hidden);
        }
        return x;
    }

    private static float[] expected(GoldenFile golden, GoldenPrompt prompt, String state, int hidden) {
        float[] all = new float[prompt.length() * hidden];
        float[] row = new float[hidden];
        for (int t = 0; t < prompt.length(); t++) {
            golden.readHidden(prompt, state, t, row);
            System.arraycopy(row, 0, all, t * hidden, hidden);
        }
        return all;
    }

    /** x [tokens][hidden], changed in place. */
    private static void forward(StagedLayer layer, float[] x, int tokens, int hidden) {
        float[] normed = new float[tokens * hidden];
        layer.mixerInput(x, tokens, normed);
        float[] mixed = new float[tokens * layer.mixedWidth()];
        layer.mix(normed, tokens, mixed);
        layer.addMixed(mixed, tokens, x);
        layer.feedInput(x, tokens, normed);
        boolean moe = layer.branches().stream().anyMatch(b -> b.route() instanceof Route.Expert);
        Routes routes = moe ? layer.route(normed, tokens) : new Routes(0, new int[0], new float[0]);
        float[] added = new float[tokens * hidden];
        for (Branch branch : layer.branches()) {
            float[] share = share(layer, branch.route(), routes, normed, tokens);
            for (int t = 0; t < tokens; t++) {
                if (share[t] == 0) {
                    continue;
                }
                // One token at a time: an expert does not see which others come with it.
                float[] one = Arrays.copyOfRange(normed, t * hidden, (t + 1) * hidden);
                float[] inner = new float[branch.inner()];
                float[] out = new float[hidden];
                layer.inner(branch, one, 1, inner);
                layer.down(branch, inner, 1, out);
                for (int i = 0; i < hidden; i++) {
                    added[t * hidden + i] += share[t] * out[i];
                }
            }
        }
        for (int i = 0; i < x.length; i++) {
            x[i] += added[i];
        }
    }

    private static float[] share(StagedLayer layer, Route route, Routes routes, float[] normed, int tokens) {
        float[] share = new float[tokens];
        switch (route) {
            case Route.All all -> Arrays.fill(share, 1);
            case Route.Shared shared -> System.arraycopy(layer.sharedWeights(normed, tokens), 0, share, 0, tokens);
            case Route.Expert(int number) -> {
                for (int i = 0; i < routes.experts().length; i++) {
                    if (routes.experts()[i] == number) {
                        share[i / routes.perToken()] = routes.weights()[i];
                    }
                }
            }
        }
        return share;
    }

    private static double nmse(float[] a, float[] b) {
        double mean = 0;
        for (float v : b) {
            mean += (double) v / b.length;
        }
        double error = 0;
        double variance = 0;
        for (int i = 0; i < b.length; i++) {
            error += Math.pow((double) a[i] - b[i], 2);
            variance += Math.pow(b[i] - mean, 2);
        }
        return error / variance;
    }
}
