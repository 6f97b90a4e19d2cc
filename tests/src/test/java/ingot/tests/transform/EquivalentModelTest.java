package ingot.tests.transform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.block.Dense;
import ingot.formats.hf.ModelConfigs;
import ingot.formats.ingot.IngotFile;
import ingot.formats.ingot.StoredTensor;
import ingot.formats.json.Json;
import ingot.quant.ConvertOptions;
import ingot.quant.Converter;
import ingot.quant.scheme.MatrixSource;
import ingot.quant.transform.Equivalence;
import ingot.quant.transform.EquivalentModel;
import ingot.quant.transform.Permutation;
import ingot.quant.transform.Place;
import ingot.quant.transform.Rotation;
import ingot.quant.transform.ChannelScaling;
import ingot.quant.transform.Transform;
import ingot.runtime.WeightInfo;
import ingot.runtime.golden.GoldenFile;
import ingot.runtime.golden.GoldenPrompt;
import ingot.runtime.kernel.Backend;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.Matrix;
import ingot.runtime.kv.KvType;
import ingot.runtime.model.Chunk;
import ingot.runtime.model.Decoder;
import ingot.runtime.model.LayerWiring;
import ingot.runtime.model.ModelGraph;
import ingot.runtime.model.ModelWeights;
import ingot.runtime.model.SequenceMemory;
import ingot.runtime.model.Span;
import ingot.runtime.model.WeightSpec;
import ingot.runtime.model.WeightStore;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.node.ObjectNode;

/** Models whose channels are scaled, ordered and rotated at random have the reference's logits, in every family. */
final class EquivalentModelTest {
    private static final Path CHECKPOINTS = Path.of(System.getProperty("ingot.root"), "golden-outputs", "checkpoints");

    @TempDir
    Path temp;

    static List<String> names() {
        return List.of(
                "qwen1-late-safetensors",
                "qwen2-e2e",
                "qwen2-swa-yarn",
                "qwen2-tied-f32",
                "qwen3-tied-bf16",
                "qwen2_moe-a",
                "qwen3_moe-a",
                "qwen3_next-a",
                "qwen3_5-a",
                "qwen3_5_moe-a");
    }

    /** Every kind of transform at every place where it is legal. */
    @ParameterizedTest
    @MethodSource("names")
    void logitsStay(String name) {
        Path f32 = plain(name);
        double bar = name.startsWith("qwen3_next") || name.startsWith("qwen3_5") ? 1e-8 : 1e-9;
        try (IngotFile file = IngotFile.open(f32);
                Arena arena = Arena.ofConfined()) {
            MemorySegment mapping = file.map(arena);
            ObjectNode config = file.manifest().config();
            ModelGraph graph = ModelGraph.of(ModelConfigs.read(config, f32));
            SplittableRandom random = new SplittableRandom(31);
            EquivalentModel channels = EquivalentModel.of(graph);
            applyChannels(channels, random);
            check(name, new Made(file, mapping, channels), bar);

            ObjectNode untied = Json.object().setAll(config).put("tie_word_embeddings", false);
            EquivalentModel rotated = EquivalentModel.untied(graph, ModelConfigs.read(untied, f32));
            Made made = new Made(file, mapping, rotated);
            for (int i = 0; i < graph.config().layers(); i++) {
                LayerWiring wiring = LayerWiring.of(graph.config(), i);
                rotated.apply(new Place.MixerInput(i), made.fold(wiring.norms().getFirst()));
                rotated.apply(new Place.FeedInput(i), made.fold(wiring.norms().getLast()));
            }
            rotated.apply(new Place.HeadInput(), made.fold(graph.finalNorm()));
            rotated.apply(new Place.Residual(), Rotation.of(graph.config().hidden(), 5));
            applyChannels(rotated, random);
            check(name + " rotated", made, bar);
        }
    }

    private static void applyChannels(EquivalentModel model, SplittableRandom random) {
        int hidden = model.graph().config().hidden();
        for (int i = 0; i < model.graph().config().layers(); i++) {
            int layer = i;
            LayerWiring wiring = LayerWiring.of(model.graph().config(), i);
            model.apply(new Place.MixerInput(i), scaling(hidden, random));
            model.apply(new Place.FeedInput(i), scaling(hidden, random));
            wiring.values().ifPresent(v -> {
                model.apply(new Place.Values(layer), scaling(v.heads() * v.headDim(), random));
                if (v.gated()) {
                    assertThrows(
                            IllegalArgumentException.class,
                            () -> model.apply(new Place.Values(layer), order(v.heads(), v.headDim(), random)));
                } else {
                    model.apply(new Place.Values(layer), order(v.heads(), v.headDim(), random));
                }
            });
            for (int b = 0; b < wiring.branches().size(); b++) {
                int inner = wiring.branches().get(b).inner();
                model.apply(new Place.Inner(i, b), scaling(inner, random));
                model.apply(new Place.Inner(i, b), order(1, inner, random));
            }
        }
        model.apply(new Place.Residual(), order(1, hidden, random));
    }

    private static ChannelScaling scaling(int n, SplittableRandom random) {
        return new ChannelScaling(IntStream.range(0, n)
                .mapToDouble(i -> Math.exp(random.nextGaussian()))
                .toArray());
    }

    /** Shuffles the channels of each head. */
    private static Permutation order(int heads, int size, SplittableRandom random) {
        int[] from = IntStream.range(0, heads * size).toArray();
        for (int i = 0; i < from.length; i++) {
            int begin = i / size * size;
            int j = begin + random.nextInt(size);
            int swap = from[i];
            from[i] = from[j];
            from[j] = swap;
        }
        return new Permutation(from);
    }

    private Path plain(String name) {
        Path f32 = temp.resolve("f32.ingot");
        new Converter(ConvertOptions.of(new Dense(DType.F32)).withThreads(1))
                .convert(CHECKPOINTS.resolve(name), f32, Progress.none());
        return f32;
    }

    /** The weights of an equivalent of an f32 file. */
    private record Made(IngotFile file, MemorySegment mapping, EquivalentModel model) implements WeightStore {
        /** Reads the rows in pieces of 7, as nobody does. */
        float[] read(WeightSpec spec) {
            MatrixSource rows = model.rows(spec, source(model.origin(spec)));
            float[] out = new float[Math.toIntExact(rows.rows()) * rows.cols()];
            for (int r = 0; r < rows.rows(); r += 7) {
                int n = (int) Math.min(7, rows.rows() - r);
                float[] some = new float[n * rows.cols()];
                rows.read(r, n, some);
                System.arraycopy(some, 0, out, r * rows.cols(), some.length);
            }
            return out;
        }

        ChannelScaling fold(WeightSpec norm) {
            MatrixSource values = source(norm);
            float[] w = new float[values.cols()];
            values.read(0, 1, w);
            double offset = norm.role() == WeightSpec.Role.OFFSET_NORM ? 1 : 0;
            return new ChannelScaling(
                    IntStream.range(0, w.length).mapToDouble(i -> w[i] + offset).toArray());
        }

        private MatrixSource source(WeightSpec spec) {
            StoredTensor tensor = file.tensor(spec.name()).orElseThrow();
            return new MatrixSource() {
                @Override
                public String origin() {
                    return spec.name();
                }

                @Override
                public long rows() {
                    return tensor.shape().rows();
                }

                @Override
                public int cols() {
                    return Math.toIntExact(tensor.shape().cols());
                }

                @Override
                public void read(long first, int n, float[] out) {
                    for (int r = 0; r < n; r++) {
                        tensor.layout()
                                .decodeRow(rows(), cols(), file.parts(tensor, mapping), first + r, out, r * cols());
                    }
                }
            };
        }

        @Override
        public Matrix matrix(WeightSpec spec) {
            return Matrix.dense(DType.F32, spec.rows(), spec.cols(), MemorySegment.ofArray(read(spec)));
        }

        @Override
        public float[] vector(WeightSpec spec) {
            return read(spec);
        }

        @Override
        public WeightInfo info(WeightSpec spec) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {}
    }

    private static void check(String name, Made made, double bar) {
        int vocabulary = made.model().graph().config().vocabSize();
        double error = 0;
        double size = 0;
        String folder = name.replace(" rotated", "");
        try (GoldenFile golden = GoldenFile.open(CHECKPOINTS.resolve(folder).resolve("golden.safetensors"));
                Kernels kernels = Kernels.create(Backend.AUTO, 0, 1)) {
            for (GoldenPrompt prompt : golden.prompts()) {
                Decoder decoder = ModelWeights.load(made.model().graph(), made).newDecoder(kernels);
                float[] expected = new float[vocabulary];
                golden.readLogits(prompt, prompt.length() - 1, expected);
                Chunk chunk = new Chunk();
                chunk.add(
                        SequenceMemory.of(made.model().graph().config(), KvType.F32),
                        new Span(0, prompt.length(), prompt.length()));
                decoder.forward(chunk, prompt.inputIds(), null);
                float[] logits = new float[vocabulary];
                decoder.logits(prompt.length() - 1, 1, logits);
                for (int i = 0; i < vocabulary; i++) {
                    error += Math.pow((double) logits[i] - expected[i], 2);
                    size += Math.pow(expected[i], 2);
                }
            }
        }
        assertTrue(error <= bar * size, name + ": NMSE " + error / size);
    }

    @Test
    void whatIsNotEquivalentIsRefused() {
        try (IngotFile file = IngotFile.open(plain("qwen2-tied-f32"))) {
            ModelGraph graph = ModelGraph.of(ModelConfigs.read(file.manifest().config(), file.path()));
            int hidden = graph.config().hidden();
            SplittableRandom random = new SplittableRandom(1);
            EquivalentModel model = EquivalentModel.of(graph);
            for (Transform other : List.of(order(1, hidden, random), Rotation.of(hidden, 1))) {
                assertThrows(IllegalArgumentException.class, () -> model.apply(new Place.FeedInput(0), other));
            }
            assertThrows(
                    IllegalArgumentException.class, () -> model.apply(new Place.Residual(), scaling(hidden, random)));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> model.apply(new Place.Residual(), Rotation.of(hidden, 1)),
                    "tied");
            assertThrows(
                    IllegalArgumentException.class, () -> model.apply(new Place.HeadInput(), scaling(hidden, random)));
            assertThrows(IllegalArgumentException.class, () -> EquivalentModel.untied(graph, graph.config()));
        }
        assertThrows(IngotException.Usage.class, () -> Rotation.of(33, 1));
    }

    /** T is orthogonal, and its rows, columns and vectors are those of one matrix. */
    @Test
    void rotations() {
        for (int n : new int[] {2, 6, 40, 96, 100, 256}) {
            Rotation rotation = Rotation.of(n, n);
            double[][] t = new double[n][n];
            for (int j = 0; j < n; j++) {
                double[] unit = new double[n];
                unit[j] = 1;
                rotation.write(unit);
                for (int i = 0; i < n; i++) {
                    t[i][j] = unit[i];
                }
            }
            int block = Integer.lowestOneBit(n);
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < n; j++) {
                    double expected = i / block == j / block ? 1 / Math.sqrt(block) : 0;
                    assertEquals(expected, Math.abs(t[i][j]), 1e-12);
                    double dot = 0;
                    for (int k = 0; k < n; k++) {
                        dot += t[i][k] * t[j][k];
                    }
                    assertEquals(i == j ? 1 : 0, dot, 1e-12);
                }
            }
        }
    }

    @Test
    void namesInOptions() {
        assertEquals(Set.of(Equivalence.AWQ, Equivalence.FREE_ORDER), Equivalence.parse("free-order, AWQ"));
        assertEquals(
                List.of("rotate", "awq", "free-order"),
                Arrays.stream(Equivalence.values()).map(Equivalence::label).toList());
        assertThrows(IngotException.Usage.class, () -> Equivalence.parse("awq,"));
    }
}
