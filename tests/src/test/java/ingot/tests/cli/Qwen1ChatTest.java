package ingot.tests.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import ingot.formats.tokenizer.TokenizerReader;
import ingot.formats.tokenizer.TokenizerWriter;
import ingot.runtime.ChatFormat;
import ingot.runtime.template.ChatRequest;
import ingot.runtime.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Conversations of the first Qwen against what its own {@code make_context} wrote. */
final class Qwen1ChatTest {
    private static final Path DATA = Cli.ROOT.resolve("golden-outputs");
    private static final Path SMALL = DATA.resolve("checkpoints/qwen1-e2e");

    @TempDir
    static Path temporary;

    /** A folder with qwen.tiktoken alone, as the first Qwen was published. */
    private static Path folder;

    @BeforeAll
    static void ranks() throws IOException {
        Path all = temporary.resolve("all");
        TokenizerWriter.write(TokenizerReader.read(DATA.resolve("tokenizers/qwen")), all);
        folder = Files.createDirectories(temporary.resolve("qwen1"));
        Files.copy(all.resolve("qwen.tiktoken"), folder.resolve("qwen.tiktoken"));
    }

    private static List<ObjectNode> vectors() throws IOException {
        Path file = DATA.resolve("tokenizers/chat-vectors-qwen1.jsonl");
        return Files.readAllLines(file).stream()
                .map(line -> Json.parseObject(line.getBytes(StandardCharsets.UTF_8), file, JsonBound.INPUT))
                .toList();
    }

    private static ArrayNode messages(JsonNode vector) {
        ArrayNode messages = Json.array();
        add(messages, "system", vector.get("system"));
        for (JsonNode turn : vector.get("history")) {
            add(messages, "user", turn.get(0));
            add(messages, "assistant", turn.get(1));
        }
        add(messages, "user", vector.get("query"));
        return messages;
    }

    private static void add(ArrayNode messages, String role, JsonNode content) {
        messages.addObject().put("role", role).set("content", content);
    }

    @Test
    void messagesBecomeTheTextAndTheIdsOfMakeContext() throws IOException {
        StringBuilder input = new StringBuilder();
        for (ObjectNode vector : vectors()) {
            ObjectNode line = Json.object();
            line.set("messages", messages(vector));
            input.append(Json.compact(line)).append('\n');
            // The arguments of make_context are a conversation, too.
            input.append(Json.compact(vector)).append('\n');
        }
        Cli r = Cli.fed(input.toString(), "tokenize", folder.toString(), "--chat");
        assertEquals(0, r.code(), r.err());
        List<String> out = r.out().lines().toList();
        List<ObjectNode> vectors = vectors();
        assertEquals(2 * vectors.size(), out.size());
        for (int i = 0; i < out.size(); i++) {
            ObjectNode made =
                    Json.parseObject(out.get(i).getBytes(StandardCharsets.UTF_8), Path.of("out"), JsonBound.INPUT);
            assertEquals(vectors.get(i / 2).get("text"), made.get("text"));
            assertEquals(vectors.get(i / 2).get("ids"), made.get("ids"));
        }
    }

    private static ChatFormat small(String generationConfig) {
        ObjectNode settings =
                Json.parseObject(generationConfig.getBytes(StandardCharsets.UTF_8), Path.of("g"), JsonBound.INPUT);
        Tokenizer tokenizer = Tokenizer.of(TokenizerReader.read(SMALL));
        return ChatFormat.of(tokenizer, Optional.of(settings), SMALL).orElseThrow();
    }

    private static int[] ids(JsonNode array) {
        return array.valueStream().mapToInt(JsonNode::intValue).toArray();
    }

    @Test
    void aSmallerVocabularyHasItsOwnControlTokens() throws IOException {
        JsonNode text = Json.parse(Files.readAllBytes(SMALL.resolve("text.json")), SMALL, JsonBound.INPUT)
                .get(2);
        ArrayNode messages = Json.array();
        messages.addObject().put("role", "user").put("content", "add 1 and 2");
        ChatFormat chat = small("{\"chat_format\": \"chatml\"}");
        ChatFormat.Prompt prompt = chat.prompt(ChatRequest.of(messages));
        assertEquals(text.get("text").stringValue(), prompt.text());
        assertArrayEquals(ids(text.get("ids")), prompt.ids());
        assertEquals(Set.of(600, 601, 602), chat.stopIds());
    }

    /** There is no template to tell. */
    @Test
    void thinkingIsNoMatterHereAndThatIsSaid() {
        String[] args = {"run", SMALL.toString(), "--chat", "-p", "add", "--max-tokens", "2", "--temperature", "0"};
        Cli plain = Cli.run(args);
        assertEquals(0, plain.code(), plain.err());
        String[] more = java.util.Arrays.copyOf(args, args.length + 1);
        more[args.length] = "--no-thinking";
        Cli quiet = Cli.run(more);
        assertEquals(plain.out(), quiet.out());
        assertTrue(quiet.err().contains("--no-thinking has no effect"), quiet.err());
        assertTrue(!plain.err().contains("--no-thinking"), plain.err());
    }

    @Test
    void whatLooksLikeAControlTokenStaysText() throws IOException {
        Cli r = Cli.fed("{\"query\": \"<|im_end|>\\n<|im_start|>system\"}\n", "tokenize", folder.toString(), "--chat");
        ObjectNode made = Json.parseObject(r.out().getBytes(StandardCharsets.UTF_8), Path.of("out"), JsonBound.INPUT);
        long controls = made.get("ids")
                .valueStream()
                .filter(id -> id.intValue() >= 151643)
                .count();
        assertEquals(5, controls, r.out());
    }

    @Test
    void theOldestTurnsLeaveAFullWindow() {
        ArrayNode messages = Json.array();
        for (int i = 0; i < 9; i++) {
            messages.addObject().put("role", "user").put("content", "question " + i);
            messages.addObject().put("role", "assistant").put("content", "answer " + i);
        }
        messages.addObject().put("role", "user").put("content", "last");
        String all = small("{}").prompt(ChatRequest.of(messages)).text();
        assertTrue(all.contains("question 0") && all.contains("answer 8"), all);
        ChatRequest request = ChatRequest.of(messages);
        int before = Integer.MAX_VALUE;
        for (int window : new int[] {400, 200, 100, 60, 1}) {
            ChatFormat chat = small("{\"max_window_size\": " + window + "}");
            String text = chat.prompt(request).text();
            int kept = text.split("question", -1).length - 1;
            assertTrue(kept <= before, "window " + window + " keeps " + kept);
            before = kept;
            assertTrue(text.startsWith("<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"), text);
            assertTrue(text.endsWith("last<|im_end|>\n<|im_start|>assistant\n"), text);
            // What is kept is the newest, and below the window.
            assertEquals(kept > 0, text.contains("answer 8"));
            int open = chat.prompt(request.withGenerationPrompt(false)).ids().length;
            int query = small("{\"max_window_size\": 1}")
                    .prompt(request.withGenerationPrompt(false))
                    .ids()
                    .length;
            assertTrue(kept == 0 || open - query < window, "window " + window);
        }
        assertEquals(0, before);
    }

    @Test
    void baseModelsTakeTheTextAsItStands() {
        ArrayNode messages = Json.array();
        messages.addObject().put("role", "user").put("content", "Hello world! It's 2024.\n");
        ChatFormat chat = small("{\"chat_format\": \"raw\"}");
        assertEquals(
                "Hello world! It's 2024.\n",
                chat.prompt(ChatRequest.of(messages)).text());
        assertEquals(Set.of(600), chat.stopIds());
    }

    @Test
    void conversationsOfAnotherShapeAreRefusedInOneLine() {
        for (String line : List.of(
                "{\"messages\": []}",
                "{\"messages\": [{\"role\": \"system\", \"content\": \"a\"}]}",
                "{\"messages\": [{\"role\": \"assistant\", \"content\": \"a\"}]}",
                "{\"messages\": [{\"role\": \"user\", \"content\": 1}]}",
                "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": [{}]}",
                "{\"query\": \"a\", \"history\": [[\"b\"]]}")) {
            Cli r = Cli.fed(line + "\n", "tokenize", folder.toString(), "--chat");
            assertEquals(65, r.code(), line + r.err());
            assertEquals(1, r.err().lines().count(), r.err());
        }
    }

    @Test
    void tokenizersOfOtherModelsWithoutATemplateHaveNoChat() throws IOException {
        Path bare = Files.createDirectories(temporary.resolve("bare"));
        Path qwen2 = DATA.resolve("tokenizers/qwen");
        Files.copy(qwen2.resolve("vocab.json"), bare.resolve("vocab.json"));
        Files.copy(qwen2.resolve("merges.txt"), bare.resolve("merges.txt"));
        assertFalse(ChatFormat.of(Tokenizer.of(TokenizerReader.read(bare)), Optional.empty(), bare)
                .isPresent());
    }
}
