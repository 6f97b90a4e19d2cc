package ingot.tests.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.DType;
import ingot.formats.Progress;
import ingot.formats.block.Dense;
import ingot.quant.ConvertOptions;
import ingot.quant.Converter;
import ingot.runtime.Model;
import ingot.runtime.ModelOptions;
import ingot.runtime.kernel.Backend;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every checkpoint against the logits, hidden states and greedy texts of the reference implementation. */
final class GoldenParityTest {
    @TempDir
    Path temporary;

    static Stream<Arguments> runs() {
        ModelOptions scalar = ModelOptions.defaults().withBackend(Backend.SCALAR);
        List<ModelOptions> all =
                List.of(ModelOptions.defaults(), scalar.withThreads(1), vector(128, 1), vector(256, 2), vector(512, 5));
        // The large model adds nothing to what threads do, and takes long in plain Java.
        List<ModelOptions> small = List.of(scalar.withThreads(2), scalar.withThreads(5), vector(512, 1));
        return Golden.every().stream()
                .flatMap(name -> Stream.concat(
                                all.stream(),
                                name.startsWith("models/") ? Stream.<ModelOptions>empty() : small.stream())
                        .map(options -> Arguments.of(name, options)));
    }

    private static ModelOptions vector(int bits, int threads) {
        return ModelOptions.defaults()
                .withBackend(Backend.VECTOR)
                .withVectorBits(bits)
                .withThreads(threads);
    }

    @ParameterizedTest
    @MethodSource("runs")
    void agreesWithTheReference(String name, ModelOptions options) {
        List<Golden.Prompt> prompts = Golden.read(name);
        assertFalse(prompts.isEmpty());
        int hiddenStates = 0;
        try (Model model = Model.open(Golden.folder(name), options)) {
            for (int k = 0; k < prompts.size(); k++) {
                Golden.Prompt prompt = prompts.get(k);
                String where = name + " prompt " + k;
                double nmse = Golden.nmse(Runs.logits(model, prompt.ids()), prompt.logits());
                assertTrue(nmse <= Golden.bar(name), where + ": NMSE " + nmse);
                assertArrayEquals(
                        prompt.greedyCached(),
                        Runs.greedyCached(model, prompt.ids(), prompt.greedyCached().length),
                        where);
                if (!prompt.hidden().isEmpty()) {
                    hiddenStates += checkHidden(model, prompt, name, where);
                }
            }
            assertEquals(model.info().layers() + 2, hiddenStates, "one prompt has hidden states");
        }
    }

    /** The same bars from the .ingot file, whose f32 numbers are the stored ones; threads must not matter at all. */
    @ParameterizedTest
    @MethodSource("families")
    void agreesFromItsIngotFile(String name) {
        Path file = temporary.resolve("model.ingot");
        new Converter(ConvertOptions.of(new Dense(DType.F32))).convert(Golden.folder(name), file, Progress.none());
        ModelOptions scalar = ModelOptions.defaults().withBackend(Backend.SCALAR);
        for (List<ModelOptions> alike : List.of(
                List.of(scalar.withThreads(1), scalar.withThreads(2), scalar.withThreads(5)),
                List.of(vector(128, 1), vector(128, 5)),
                List.of(vector(256, 2)),
                List.of(vector(512, 1), vector(512, 2), vector(512, 5)))) {
            List<float[]> first = null;
            for (ModelOptions options : alike) {
                try (Model model = Model.open(file, options)) {
                    if (first == null) {
                        first = check(model, name);
                        continue;
                    }
                    List<Golden.Prompt> prompts = Golden.read(name);
                    for (int k = 0; k < prompts.size(); k++) {
                        float[] logits = Runs.logits(model, prompts.get(k).ids());
                        assertArrayEquals(first.get(k), logits, options + " prompt " + k);
                    }
                }
            }
        }
    }

    /** Logits of every prompt, checked together with the cached and the recomputed text. */
    private static List<float[]> check(Model model, String name) {
        List<float[]> all = new ArrayList<>();
        for (Golden.Prompt prompt : Golden.read(name)) {
            float[] logits = Runs.logits(model, prompt.ids());
            double nmse = Golden.nmse(logits, prompt.logits());
            assertTrue(nmse <= Golden.bar(name), name + ": NMSE " + nmse);
            int steps = prompt.greedy().length;
            assertArrayEquals(prompt.greedyCached(), Runs.greedyCached(model, prompt.ids(), steps), name);
            assertArrayEquals(prompt.greedy(), Runs.greedyRecomputed(model, prompt.ids(), steps), name);
            if (!prompt.hidden().isEmpty()) {
                checkHidden(model, prompt, name, name);
            }
            all.add(logits);
        }
        return all;
    }

    static List<String> families() {
        return List.of(
                "checkpoints/qwen1-late-safetensors",
                "checkpoints/qwen1-safetensors",
                "checkpoints/qwen2_moe-a",
                "checkpoints/qwen3_moe-a",
                "checkpoints/qwen3_next-a",
                "checkpoints/qwen3_5-a",
                "checkpoints/qwen3_5_moe-a");
    }

    private static int checkHidden(Model model, Golden.Prompt prompt, String name, String where) {
        var states = Runs.hidden(model, prompt.ids());
        assertEquals(prompt.hidden().keySet(), states.keySet(), where);
        prompt.hidden().forEach((state, expected) -> {
            double nmse = Golden.nmse(states.get(state), expected);
            assertTrue(nmse <= Golden.bar(name), where + " " + state + ": NMSE " + nmse);
        });
        return states.size();
    }

    @ParameterizedTest
    @MethodSource("names")
    void recomputedTextIsTheReferences(String name) {
        try (Model model = Model.open(Golden.folder(name))) {
            for (Golden.Prompt prompt : Golden.read(name)) {
                assertArrayEquals(
                        prompt.greedy(), Runs.greedyRecomputed(model, prompt.ids(), prompt.greedy().length), name);
            }
        }
    }

    static List<String> names() {
        return Golden.every();
    }
}
