package ingot.tests.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.runtime.Generation;
import ingot.runtime.Generation.StopReason;
import ingot.runtime.GenerationOptions;
import ingot.runtime.Generator;
import ingot.runtime.Model;
import ingot.runtime.ModelOptions;
import ingot.runtime.Session;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Sessions and generators: what they keep, what they refuse, how they end. */
final class SessionTest {
    private static final String NAME = "checkpoints/qwen2-swa-yarn";
    private static final Golden.Prompt PROMPT = Golden.read(NAME).get(2);
    private static final int[] IDS = PROMPT.ids();
    private static final int[] TEXT = PROMPT.greedyCached();

    private static Model model;

    @BeforeAll
    static void open() {
        model = Model.open(Golden.folder(NAME), ModelOptions.defaults().withThreads(2));
    }

    @AfterAll
    static void close() {
        model.close();
    }

    @Test
    void truncatingGoesBackExactly() {
        try (Session session = model.newSession()) {
            float[] expected = session.forward(IDS).clone();
            session.forward(1, 2, 3);
            session.truncate(IDS.length - 1);
            assertEquals(IDS.length - 1, session.position());
            session.truncate(0);
            assertArrayEquals(expected, session.forward(IDS), "the same bits after a reset");
            assertThrows(IngotException.Usage.class, () -> session.truncate(IDS.length + 1));
            assertThrows(IngotException.Usage.class, () -> session.truncate(-1));
        }
    }

    /** Closing would take the weights from under the call. */
    @Test
    void aModelThatComputesStaysOpen() {
        Model own = Model.open(Golden.folder(NAME));
        Session session = own.newSession();
        float[] expected = session.forward(IDS).clone();
        session.reset();
        session.forward(IDS, (position, row) -> {
            var e = assertThrows(IllegalStateException.class, own::close);
            assertTrue(String.valueOf(e.getMessage()).contains("computing"), e::getMessage);
        });
        session.reset();
        assertArrayEquals(expected, session.forward(IDS));
        own.close();
        own.close();
        assertThrows(IllegalStateException.class, () -> session.forward(1));
        assertThrows(IllegalStateException.class, own::newSession);
        session.close();
    }

    @Test
    void threadsDoNotChangeABit() {
        float[] expected = Runs.logits(model, IDS);
        for (int threads : new int[] {1, 5}) {
            try (Model other =
                    Model.open(Golden.folder(NAME), ModelOptions.defaults().withThreads(threads))) {
                assertArrayEquals(expected, Runs.logits(other, IDS), threads + " threads");
                assertArrayEquals(
                        Runs.logitsInPieces(model, IDS, 1), Runs.logitsInPieces(other, IDS, 1), threads + " threads");
            }
        }
    }

    @Test
    void sessionsRunSideBySide() throws Exception {
        float[] expected = Runs.logits(model, IDS);
        Callable<float[]> run = () -> Runs.logits(model, IDS);
        try (var pool = Executors.newFixedThreadPool(4)) {
            for (Future<float[]> result : pool.invokeAll(List.of(run, run, run, run, run, run))) {
                assertArrayEquals(expected, result.get());
            }
        }
    }

    @Test
    void twoThreadsInOneSessionAreRefused() throws Exception {
        var inside = new CountDownLatch(1);
        var checked = new CountDownLatch(1);
        try (Session session = model.newSession();
                var pool = Executors.newSingleThreadExecutor()) {
            Future<?> first = pool.submit(() -> session.forward(new int[] {1}, (position, logits) -> {
                inside.countDown();
                await(checked);
            }));
            await(inside);
            var e = assertThrows(IllegalStateException.class, () -> session.forward(2));
            assertTrue(e.getMessage().contains("one session per conversation"), e.getMessage());
            assertThrows(IllegalStateException.class, session::reset);
            checked.countDown();
            first.get();
            assertEquals(1, session.position());
            session.forward(2);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aFailedCallLeavesTheSessionAsItWas() {
        try (Session session = model.newSession()) {
            session.forward(Arrays.copyOf(IDS, 20));
            assertThrows(
                    ArithmeticException.class,
                    () -> session.forward(new int[] {1, 2, 3}, (position, logits) -> {
                        if (position == 21) {
                            throw new ArithmeticException("stop");
                        }
                    }));
            assertThrows(IngotException.Usage.class, () -> session.forward(1, 400));
            assertThrows(IngotException.Usage.class, () -> session.forward(-1));
            assertThrows(IngotException.Usage.class, () -> session.forward());
            assertEquals(20, session.position());
            float[] rest =
                    session.forward(Arrays.copyOfRange(IDS, 20, IDS.length)).clone();
            session.reset();
            session.forward(Arrays.copyOf(IDS, 20));
            assertArrayEquals(session.forward(Arrays.copyOfRange(IDS, 20, IDS.length)), rest);
        }
    }

    @Test
    void positionsAreLimited() {
        try (Model small =
                        Model.open(Golden.folder(NAME), ModelOptions.defaults().withMaxPositions(31));
                Session session = small.newSession()) {
            assertEquals(31, session.capacity());
            session.forward(Arrays.copyOf(IDS, 30));
            var e = assertThrows(IngotException.Usage.class, () -> session.forward(1, 2));
            assertTrue(e.getMessage().contains("limit of 31"), e.getMessage());
            session.forward(1);
            session.reset();
            Generation made = new Generator(session, GenerationOptions.greedy(24))
                    .generate(Arrays.copyOf(IDS, 29), token -> true);
            assertEquals(StopReason.CONTEXT_FULL, made.reason());
            assertEquals(3, made.tokens().size(), "after positions 29, 30 and 31");
        }
    }

    @Test
    void embeddingsAreTheTracedFinalNorm() {
        float[] traced = Runs.hidden(model, IDS).get("final_norm");
        try (Session session = model.newSession()) {
            assertArrayEquals(traced, session.embeddings(IDS));
            assertEquals(IDS.length, session.position());
        }
    }

    @Test
    void generatingGivesTheGreedyText() {
        try (Session session = model.newSession()) {
            List<Integer> streamed = new ArrayList<>();
            Generation made = new Generator(session, GenerationOptions.greedy(24)).generate(IDS, streamed::add);
            assertEquals(list(TEXT, 24), made.tokens());
            assertEquals(made.tokens(), streamed);
            assertEquals(StopReason.MAX_TOKENS, made.reason());
            session.reset();
            List<Integer> iterated = new ArrayList<>();
            var tokens = new Generator(session, GenerationOptions.greedy(24)).iterate(IDS);
            tokens.forEachRemaining((int token) -> iterated.add(token));
            assertEquals(made.tokens(), iterated);
            assertFalse(tokens.hasNext());
            assertThrows(NoSuchElementException.class, tokens::nextInt);
        }
    }

    @Test
    void stopTokensAndConsumersEndIt() {
        int stop = TEXT[5];
        int first = list(TEXT, 24).indexOf(stop);
        try (Session session = model.newSession()) {
            var options = GenerationOptions.greedy(24).withStopIds(Set.of(stop));
            Generation stopped = new Generator(session, options).generate(IDS, token -> true);
            assertEquals(list(TEXT, first + 1), stopped.tokens());
            assertEquals(StopReason.STOP_TOKEN, stopped.reason());
            session.reset();
            int[] count = {0};
            Generation ended =
                    new Generator(session, GenerationOptions.greedy(24)).generate(IDS, token -> ++count[0] < 3);
            assertEquals(list(TEXT, 3), ended.tokens());
            assertEquals(StopReason.CONSUMER, ended.reason());
        }
    }

    @Test
    void aSecondPromptGoesOnWhereTheFirstTextEnded() {
        int[] more = {7, 11, 13};
        int[] whole = Arrays.copyOf(IDS, IDS.length + 4 + more.length);
        System.arraycopy(TEXT, 0, whole, IDS.length, 4);
        System.arraycopy(more, 0, whole, IDS.length + 4, more.length);
        try (Session session = model.newSession();
                Session other = model.newSession()) {
            Generator generator = new Generator(session, GenerationOptions.greedy(4));
            generator.generate(IDS, token -> true);
            List<Integer> second = generator.generate(more, token -> true).tokens();
            assertEquals(
                    new Generator(other, GenerationOptions.greedy(4))
                            .generate(whole, token -> true)
                            .tokens(),
                    second);
            assertEquals(other.position(), session.position());
        }
    }

    @Test
    void seedsMakeSampledTextRepeatable() {
        var options = GenerationOptions.of(model.generationDefaults())
                .withMaxTokens(20)
                .withStopIds(Set.of());
        assertEquals(0.7, options.sampling().temperature());
        assertEquals(sampled(options.withSeed(3)), sampled(options.withSeed(3)));
        assertNotEquals(sampled(options.withSeed(3)), sampled(options.withSeed(4)));
    }

    private static List<Integer> sampled(GenerationOptions options) {
        try (Session session = model.newSession()) {
            return new Generator(session, options).generate(IDS, token -> true).tokens();
        }
    }

    @Test
    void closedModelsRefuse() {
        Model closed = Model.open(Golden.folder(NAME));
        Session session = closed.newSession();
        closed.close();
        closed.close();
        assertThrows(IllegalStateException.class, () -> session.forward(1));
        assertThrows(IllegalStateException.class, closed::newSession);
        session.close();
    }

    @Test
    void infoDescribesTheModel() {
        var info = model.info();
        assertEquals("Qwen2ForCausalLM", info.architecture());
        assertEquals(324064, info.parameters(), "as golden.json says");
        assertEquals("bf16", info.type());
        assertEquals(2, info.threads());
        assertEquals(256, info.contextLength());
        // Matrices in 16 bits, biases and norms in 32.
        assertTrue(info.bitsPerWeight() > 16 && info.bitsPerWeight() < 16.2, "" + info.bitsPerWeight());
        assertEquals("model.embed_tokens.weight", info.weights().getFirst().name());
        assertEquals("lm_head.weight", info.weights().getLast().name());
    }

    @Test
    void missingModelsAreNamed() {
        var e = assertThrows(IngotException.MissingInput.class, () -> Model.open(Path.of("no-such-model")));
        assertTrue(e.getMessage().startsWith("no-such-model: "), e.getMessage());
    }

    private static List<Integer> list(int[] ids, int n) {
        return Arrays.stream(ids).limit(n).boxed().toList();
    }
}
