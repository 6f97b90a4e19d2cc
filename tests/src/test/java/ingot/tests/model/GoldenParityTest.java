package ingot.tests.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.runtime.Model;
import ingot.runtime.ModelOptions;
import ingot.runtime.kernel.Backend;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every checkpoint against the logits, hidden states and greedy texts of the reference implementation. */
final class GoldenParityTest {
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
