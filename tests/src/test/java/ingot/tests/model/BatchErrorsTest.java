package ingot.tests.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.runtime.Batch;
import ingot.runtime.Batch.Input;
import ingot.runtime.Model;
import ingot.runtime.ModelOptions;
import ingot.runtime.Session;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a step refuses, and that it then changes nothing. */
final class BatchErrorsTest {
    private static final Path FOLDER = Golden.folder("checkpoints/qwen2-tied-f32");

    private Model model;
    private Batch batch;
    private Session first;
    private Session second;

    @BeforeEach
    void open() {
        model = Model.open(FOLDER, ModelOptions.defaults().withThreads(2).withMaxPositions(20));
        batch = model.newBatch();
        first = model.newSession();
        second = model.newSession();
        batch.step(List.of(new Input(first, 1, 2, 3), new Input(second, 4)));
    }

    @AfterEach
    void close() {
        model.close();
    }

    private void refused(String message, Input... inputs) {
        var e = assertThrows(IngotException.Usage.class, () -> batch.step(List.of(inputs)));
        assertTrue(e.getMessage().contains(message), e::getMessage);
        assertEquals(3, first.position());
        assertEquals(1, second.position());
    }

    @Test
    void sayWhichInput() {
        refused("no sequences");
        refused("input 1: no tokens", new Input(first, 1), new Input(second));
        refused("input 1: token 512 is outside the vocabulary", new Input(first, 1), new Input(second, 512));
        refused("input 0: 18 tokens after 3 exceed", new Input(first, new int[18]), new Input(second, 1));
        refused(
                "input 2: its session has an input already, number 0", //
                new Input(first, 1),
                new Input(second, 1),
                new Input(first, 2));
        try (Model other = Model.open(FOLDER);
                Session foreign = other.newSession()) {
            refused("input 1: the session belongs to another model", new Input(first, 1), new Input(foreign, 1));
            assertEquals(0, foreign.position());
        }
        assertEquals(
                2,
                batch.step(List.of(new Input(first, 1), new Input(second, 1))).size());
        assertEquals(4, first.position());
    }

    @ParameterizedTest
    @ValueSource(strings = {"checkpoints/qwen2-tied-f32", "checkpoints/qwen3_5-a"})
    void aFailedStepLeavesAllSessionsAsTheyWere(String name) {
        try (Model own = Model.open(Golden.folder(name));
                Session a = own.newSession();
                Session b = own.newSession();
                Session c = own.newSession();
                Session d = own.newSession()) {
            Batch steps = own.newBatch();
            List<Input> begin = List.of(new Input(a, 1, 2, 3), new Input(b, 4, 5));
            List<Input> next = List.of(new Input(a, 6, 7), new Input(b, 8));
            steps.step(begin);
            assertThrows(
                    ArithmeticException.class,
                    () -> steps.step(next, (input, position, logits) -> {
                        if (input == 1) {
                            throw new ArithmeticException("stop");
                        }
                    }));
            assertEquals(3, a.position());
            assertEquals(2, b.position());
            List<float[]> again = steps.step(next);
            steps.step(List.of(new Input(c, 1, 2, 3), new Input(d, 4, 5)));
            List<float[]> expected = own.newBatch().step(List.of(new Input(c, 6, 7), new Input(d, 8)));
            for (int i = 0; i < 2; i++) {
                assertArrayEquals(expected.get(i), again.get(i));
            }
        }
    }

    /** What recurrent layers have forgotten is computed again, in a batch as alone. */
    @ParameterizedTest
    @ValueSource(strings = {"checkpoints/qwen2-tied-f32", "checkpoints/qwen3_5-a"})
    void sessionsThatWentBackGoOn(String name) {
        try (Model own = Model.open(Golden.folder(name));
                Session a = own.newSession();
                Session b = own.newSession();
                Session c = own.newSession()) {
            a.forward(1, 2, 3, 4, 5);
            a.truncate(3);
            c.forward(1, 2, 3);
            float[] expected = own.newBatch()
                    .step(List.of(new Input(c, 9), new Input(b, 7)))
                    .getFirst()
                    .clone();
            b.reset();
            List<float[]> logits = own.newBatch().step(List.of(new Input(b, 7), new Input(a, 9)));
            assertArrayEquals(expected, logits.get(1));
            assertEquals(4, a.position());
        }
    }

    @Test
    void insideAStepNothingElseRuns() {
        List<Input> inputs = List.of(new Input(first, 1), new Input(second, 1));
        batch.step(inputs, (input, position, logits) -> {
            assertThrows(IllegalStateException.class, () -> batch.step(inputs));
            assertThrows(IllegalStateException.class, () -> second.forward(1));
            assertThrows(IllegalStateException.class, model::close);
        });
        assertEquals(4, first.position());
        assertEquals(2, second.position());
    }

    @Test
    void closedModelsRefuse() {
        model.close();
        assertThrows(IllegalStateException.class, () -> batch.step(List.of(new Input(first, 1))));
        assertThrows(IllegalStateException.class, model::newBatch);
    }
}
