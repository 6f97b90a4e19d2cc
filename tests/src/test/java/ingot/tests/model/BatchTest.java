package ingot.tests.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.Progress;
import ingot.formats.block.Int4;
import ingot.formats.block.Int8;
import ingot.formats.block.Layout;
import ingot.quant.ConvertOptions;
import ingot.quant.Converter;
import ingot.runtime.Batch;
import ingot.runtime.Model;
import ingot.runtime.ModelOptions;
import ingot.runtime.Session;
import ingot.runtime.kernel.Backend;
import ingot.runtime.kernel.nativecode.Isa;
import ingot.runtime.kv.KvType;
import ingot.tests.kernel.NativeMachine;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Several sequences in one step, for every family on every backend: docs/decisions/0087. */
final class BatchTest {
    @TempDir
    Path temporary;

    /** Every model on every backend; those of the first Qwen in other wrappings are the same model. */
    static Stream<Arguments> families() {
        return Golden.every().stream()
                .filter(name -> !name.contains("qwen1-bin"))
                .flatMap(name -> Stream.of(Backend.SCALAR, Backend.VECTOR, Backend.AUTO)
                        .filter(b -> b == Backend.VECTOR || !name.startsWith("models/"))
                        .map(backend -> Arguments.of(name, backend)));
    }

    private static List<Integer> sizes(Backend backend) {
        return backend == Backend.VECTOR ? List.of(1, 3, 7) : List.of(3);
    }

    private static Model open(Path path, Backend backend, int threads) {
        return Model.open(path, ModelOptions.defaults().withBackend(backend).withThreads(threads));
    }

    /** Prompts of all lengths at once; sequences end and join while others go on. */
    @ParameterizedTest
    @MethodSource("families")
    void everySequenceIsTheReferences(String name, Backend backend) {
        List<Golden.Prompt> prompts = Golden.read(name);
        try (Model model = open(Golden.folder(name), backend, 2)) {
            for (int size : sizes(backend)) {
                List<BatchRuns.Plan> plans = new ArrayList<>();
                for (int i = 0; i < size; i++) {
                    Golden.Prompt prompt = prompts.get((i + size) % prompts.size());
                    plans.add(new BatchRuns.Plan(prompt.ids(), i % 3, 24 - 5 * (i % 4)));
                }
                List<BatchRuns.Text> texts = BatchRuns.run(model, plans);
                for (int i = 0; i < size; i++) {
                    Golden.Prompt prompt = prompts.get((i + size) % prompts.size());
                    String where = name + " " + backend + ", sequence " + i + " of " + size;
                    double nmse = Golden.nmse(texts.get(i).prompted(), prompt.logits());
                    assertTrue(nmse <= Golden.bar(name), where + ": NMSE " + nmse);
                    int count = plans.get(i).count();
                    assertArrayEquals(
                            Arrays.copyOf(prompt.greedyCached(), count),
                            texts.get(i).generated(),
                            where);
                }
            }
        }
    }

    /**
     * A sequence's bits do not depend on its company, nor on threads. With experts only where a row alone is summed like many:
     * an expert may get one row or more, as the others choose.
     */
    @ParameterizedTest
    @MethodSource("families")
    void companyChangesNoBit(String name, Backend backend) {
        boolean experts = name.contains("moe") || name.contains("qwen3_next");
        if (experts && backend != Backend.SCALAR) {
            return;
        }
        List<Golden.Prompt> prompts = Golden.read(name);
        BatchRuns.Plan subject = new BatchRuns.Plan(prompts.getLast().ids(), 0, 6);
        BatchRuns.Text first = null;
        for (int size : new int[] {2, 3, 7}) {
            List<BatchRuns.Plan> plans = new ArrayList<>();
            for (int i = 1; i < size; i++) {
                // The first companion outlasts the subject: it is never alone.
                plans.add(new BatchRuns.Plan(prompts.get(i % prompts.size()).ids(), i / 2, i == 1 ? 6 : i));
            }
            plans.add(size / 2, subject);
            try (Model model = open(Golden.folder(name), backend, size)) {
                BatchRuns.Text text = BatchRuns.run(model, plans).get(size / 2);
                first = first == null ? text : first;
                same(first, text, name + " " + backend + " among " + size);
            }
        }
    }

    private static void same(BatchRuns.Text expected, BatchRuns.Text text, String where) {
        assertArrayEquals(expected.prompted(), text.prompted(), 0, where);
        assertEquals(expected.logits().size(), text.logits().size(), where);
        for (int i = 0; i < text.logits().size(); i++) {
            assertArrayEquals(expected.logits().get(i), text.logits().get(i), 0, where + ", token " + i);
        }
    }

    static Stream<Arguments> integers() {
        return Stream.of("checkpoints/qwen2-swa-yarn", "checkpoints/qwen1-safetensors", "checkpoints/qwen3-tied-bf16")
                .flatMap(name -> Stream.of(new Int4(32), new Int8(32)).map(layout -> Arguments.of(name, layout)));
    }

    /** Where the native backend sums a row alone like many, a batch gives the bits of the session alone. */
    @ParameterizedTest
    @MethodSource("integers")
    void integersOnGeneratedCodeAreThoseOfTheSessionAlone(String name, Layout layout) {
        boolean everyProduct = NativeMachine.isas().contains(Isa.AVX512_VNNI);
        Path file = temporary.resolve("model.ingot");
        new Converter(ConvertOptions.of(layout)).convert(Golden.folder(name), file, Progress.none());
        List<Golden.Prompt> prompts = Golden.read(name);
        try (Model model = open(file, Backend.NATIVE, 2)) {
            List<BatchRuns.Plan> plans = new ArrayList<>();
            for (int i = 0; i < 7; i++) {
                plans.add(new BatchRuns.Plan(prompts.get(i % prompts.size()).ids(), i % 2, 3 + i));
            }
            List<BatchRuns.Text> texts = BatchRuns.run(model, plans);
            for (int i = 0; i < 7; i++) {
                BatchRuns.Text alone =
                        BatchRuns.run(model, List.of(plans.get(i))).getFirst();
                if (everyProduct) {
                    same(alone, texts.get(i), name + " " + layout + ", sequence " + i);
                }
                assertArrayEquals(alone.generated(), texts.get(i).generated());
                int[] session = Runs.greedyCached(model, plans.get(i).prompt(), 3 + i);
                assertArrayEquals(session, texts.get(i).generated());
            }
        }
    }

    static Stream<Arguments> cuts() {
        return Stream.of("checkpoints/qwen2-swa-yarn", "checkpoints/qwen3_5-a")
                .flatMap(name -> Stream.of(
                        Arguments.of(name, Backend.SCALAR, KvType.F16),
                        Arguments.of(name, Backend.VECTOR, KvType.F32),
                        Arguments.of(name, Backend.VECTOR, KvType.INT8)));
    }

    /** More rows than are computed at once, cut at awkward places: the bits are those of the session alone. */
    @ParameterizedTest
    @MethodSource("cuts")
    void longTextsAreCutAnywhere(String name, Backend backend, KvType kvCache) {
        try (Model model = open(Golden.folder(name), backend, 2)) {
            for (int length : backend == Backend.SCALAR ? new int[] {513} : new int[] {513, 1100}) {
                int[] text = new Random(length)
                        .ints(length, 0, model.info().vocabSize())
                        .toArray();
                float[] expected = new float[model.info().vocabSize()];
                try (Session alone = model.newSession(kvCache)) {
                    // With the logits of every position, as those of the last alone are summed in another order.
                    alone.forward(text, (position, row) -> System.arraycopy(row, 0, expected, 0, row.length));
                }
                for (int[] others : new int[][] {{1}, {511, 1}, {497, 30, 600}, {512, 512}, {1, 1, 1, 1, 1, 1, 1}}) {
                    List<Batch.Input> inputs = new ArrayList<>();
                    for (int n : others) {
                        inputs.add(
                                new Batch.Input(model.newSession(kvCache), Arrays.copyOf(text, Math.min(n, length))));
                    }
                    inputs.add(new Batch.Input(model.newSession(kvCache), text));
                    assertArrayEquals(
                            expected,
                            model.newBatch().step(inputs).getLast(),
                            0,
                            length + " " + Arrays.toString(others));
                }
            }
        }
    }
}
