package ingot.tests.integrity;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.json.Json;
import ingot.formats.tokenizer.AddedToken;
import ingot.formats.tokenizer.TokenizerReader;
import ingot.runtime.Generation;
import ingot.runtime.GenerationOptions;
import ingot.runtime.Generator;
import ingot.runtime.Model;
import ingot.runtime.ModelOptions;
import ingot.runtime.Session;
import ingot.runtime.template.ChatRequest;
import ingot.runtime.template.ChatTemplate;
import ingot.runtime.tokenizer.SpecialTokens;
import ingot.runtime.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ArrayNode;

/** Prompts made to cost: answered, or refused before the cost. Work that grew with a square would take days here. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class LimitsTest {
    private static final Path DATA = Path.of(System.getProperty("ingot.root"), "golden-outputs");
    private static final Path FOLDER = DATA.resolve("checkpoints/qwen2-e2e");
    private static final int TEN_MB = 10_000_000;

    private final Tokenizer tokenizer = Tokenizer.of(TokenizerReader.read(DATA.resolve("tokenizers/qwen")));

    @Test
    void tenMegabytesOfSpecialTokens() {
        int id = tokenizer.idOf("<|im_start|>").orElseThrow();
        int count = TEN_MB / "<|im_start|>".length();
        int[] ids = tokenizer.encode("<|im_start|>".repeat(count));
        assertEquals(count, ids.length);
        assertTrue(Arrays.stream(ids).allMatch(i -> i == id));
        assertEquals("", tokenizer.decode(ids, SpecialTokens.SKIP));
    }

    /** Every special token cut one character before its end, over and over: the search starts anew at each. */
    @Test
    void tenMegabytesOfAlmostSpecialTokens() {
        StringBuilder almost = new StringBuilder();
        for (AddedToken token : tokenizer.data().addedTokens()) {
            almost.append(token.content(), 0, token.content().length() - 1);
        }
        String text = almost.toString().repeat(TEN_MB / almost.length());
        assertEquals(text, tokenizer.decode(tokenizer.encode(text), SpecialTokens.KEEP));
    }

    /** What Java strings can hold and UTF-8 cannot, and every byte that is no UTF-8 on the way back. */
    @Test
    void textThatIsNoText() {
        String lone = "a\ud800b\udc00c\udfff\ud800".repeat(100_000);
        assertEquals(lone.replaceAll("[\ud800-\udfff]", "\ufffd"), tokenizer.decode(tokenizer.encode(lone)));
        int[] bytes = new int[1_000_000];
        int[] single = tokenizer.encode("\u00e9");
        Arrays.setAll(bytes, i -> i % 3 == 0 ? single[0] : i % 256);
        String text = tokenizer.decode(bytes, SpecialTokens.KEEP);
        assertTrue(text.length() <= 4 * bytes.length);
        var stream = tokenizer.streamDecoder(SpecialTokens.KEEP);
        StringBuilder parts = new StringBuilder();
        for (int id : bytes) {
            parts.append(stream.push(id));
        }
        parts.append(stream.flush());
        assertEquals(text, parts.toString());
    }

    /** A message of ten megabytes, and ten thousand messages, through every published template. */
    @ParameterizedTest
    @ValueSource(strings = {"x", "\n", "</think>\n", "{{ 1 }}{% raw %}", "<|im_start|>", "\ud800"})
    void hugeMessagesAreRenderedOrRefused(String piece) throws IOException {
        ArrayNode one = Json.array();
        one.addObject().put("role", "user").put("content", "hello");
        one.addObject().put("role", "assistant").put("content", piece.repeat(TEN_MB / 10 / piece.length()));
        one.addObject().put("role", "user").put("content", piece.repeat(TEN_MB / piece.length()));
        ArrayNode many = Json.array();
        for (int i = 0; i < 10_000; i++) {
            many.addObject().put("role", i % 2 == 0 ? "user" : "assistant").put("content", piece);
        }
        Path folder = DATA.resolve("tokenizers/chat-templates");
        List<Path> templates;
        try (var files = Files.list(folder)) {
            templates =
                    files.filter(f -> f.toString().endsWith(".jinja")).sorted().toList();
        }
        assertTrue(templates.size() >= 3, templates.toString());
        for (Path file : templates) {
            ChatTemplate template = ChatTemplate.compile(Files.readString(file), file);
            for (ArrayNode messages : List.of(one, many)) {
                try {
                    // Templates trim: ten megabytes of line feeds may become nothing.
                    assertTrue(template.render(ChatRequest.of(messages)).contains("<|im_start|>user"));
                } catch (IngotException.BadData e) {
                    assertTrue(String.valueOf(e.getMessage()).startsWith(file + ": chat template"), e.getMessage());
                }
            }
        }
    }

    @Test
    void aPromptLongerThanTheSessionIsRefusedBeforeItIsComputed() {
        try (Model model = Model.open(FOLDER, ModelOptions.defaults().withMaxPositions(100));
                Session session = model.newSession()) {
            int[] tooLong = new int[2_000_000];
            var e = assertThrows(IngotException.Usage.class, () -> session.forward(tooLong));
            assertTrue(String.valueOf(e.getMessage()).contains("100"), e.getMessage());
            assertEquals(0, session.position());
            // The text ends where the session is full, however many tokens are asked for.
            Generation full = new Generator(session, GenerationOptions.greedy(Integer.MAX_VALUE))
                    .generate(new int[] {1, 2, 3}, token -> true);
            assertEquals(Generation.StopReason.CONTEXT_FULL, full.reason());
            assertEquals(98, full.tokens().size());
            assertEquals(100, session.position());
        }
    }

    /** The caller bounds time: it is asked after every token. */
    @Test
    void theCallerStopsWhenItLikes() {
        try (Model model = Model.open(FOLDER);
                Session session = model.newSession()) {
            int[] count = {0};
            Generation made = new Generator(session, GenerationOptions.greedy(1_000_000))
                    .generate(new int[] {1}, token -> ++count[0] < 5);
            assertEquals(Generation.StopReason.CONSUMER, made.reason());
            assertEquals(5, made.tokens().size());
            int[] kept = made.tokens().stream().mapToInt(Integer::intValue).toArray();
            session.reset();
            Generation again = new Generator(session, GenerationOptions.greedy(5)).generate(new int[] {1}, t -> true);
            assertArrayEquals(
                    kept, again.tokens().stream().mapToInt(Integer::intValue).toArray());
        }
    }
}
