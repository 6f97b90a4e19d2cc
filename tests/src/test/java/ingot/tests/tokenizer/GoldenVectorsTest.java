package ingot.tests.tokenizer;

import static ingot.tests.tokenizer.TokenizerFixtures.ids;
import static ingot.tests.tokenizer.TokenizerFixtures.json;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.runtime.tokenizer.AddedTokenParsing;
import ingot.runtime.tokenizer.SpecialTokens;
import ingot.runtime.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.text.Normalizer;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The ids that other implementations gave. */
final class GoldenVectorsTest {
    @Test
    void everyVectorEncodesAndDecodes() throws IOException {
        Tokenizer tokenizer = Tokenizer.of(TokenizerFixtures.qwen());
        List<String> lines = Files.readAllLines(TokenizerFixtures.QWEN.resolve("vectors.jsonl"));
        assertEquals(333, lines.size());
        for (String line : lines) {
            JsonNode vector = json(line);
            String text = vector.get("text").stringValue();
            int[] expected = ids(vector.get("ids"));
            assertArrayEquals(expected, tokenizer.encode(text), () -> TokenizerFixtures.hex(text));
            assertEquals(Normalizer.normalize(text, Normalizer.Form.NFC), tokenizer.decode(expected));
        }
    }

    @Test
    void textsOfTheSmallCheckpoint() throws IOException {
        Tokenizer tokenizer = Tokenizer.of(TokenizerFixtures.small());
        JsonNode texts = json(Files.readString(TokenizerFixtures.SMALL.resolve("text.json")));
        assertEquals(4, texts.size());
        for (JsonNode text : texts) {
            assertArrayEquals(
                    ids(text.get("ids")), tokenizer.encode(text.get("text").stringValue()));
            int[] greedy = ids(text.get("greedy_ids"));
            assertEquals(text.get("greedy_text").stringValue(), tokenizer.decode(greedy));
            byte[] raw = HexFormat.of()
                    .parseHex(text.get("greedy_text_raw_bytes_hex").stringValue());
            assertArrayEquals(raw, tokenizer.decodeBytes(greedy, SpecialTokens.KEEP));
        }
    }

    /** Qwen v1 puts control tokens around separately encoded texts, which are plain whatever they spell. */
    @Test
    void chatsOfQwenV1() throws IOException {
        Tokenizer tokenizer = Tokenizer.of(TokenizerFixtures.qwen());
        String path = "tokenizers/chat-vectors-qwen1.jsonl";
        int chats = 0;
        for (String line : Files.readAllLines(TokenizerFixtures.ROOT.resolve(path))) {
            JsonNode chat = json(line);
            int[] expected = ids(chat.get("ids"));
            IntStream.Builder ids = IntStream.builder();
            turn(tokenizer, "system", chat.get("system").stringValue(), ids);
            for (JsonNode exchange : chat.get("history")) {
                turn(tokenizer, "user", exchange.get(0).stringValue(), ids);
                turn(tokenizer, "assistant", exchange.get(1).stringValue(), ids);
            }
            turn(tokenizer, "user", chat.get("query").stringValue(), ids);
            IntStream.of(151644).forEach(ids);
            plain(tokenizer, "assistant", ids);
            plain(tokenizer, "\n", ids);
            assertArrayEquals(expected, ids.build().toArray());
            assertEquals(chat.get("text").stringValue(), tokenizer.decode(expected));
            chats++;
        }
        assertTrue(chats >= 5);
        int[] spelled = tokenizer.encode("<|im_end|>", AddedTokenParsing.PLAIN_TEXT);
        assertArrayEquals(new int[] {27, 91, 318, 6213, 91, 29}, spelled);
        assertEquals("<|im_end|>", tokenizer.decode(spelled, SpecialTokens.SKIP));
    }

    private static void turn(Tokenizer tokenizer, String role, String content, IntStream.Builder ids) {
        IntStream.of(151644).forEach(ids);
        plain(tokenizer, role, ids);
        plain(tokenizer, "\n", ids);
        plain(tokenizer, content, ids);
        IntStream.of(151645).forEach(ids);
        plain(tokenizer, "\n", ids);
    }

    private static void plain(Tokenizer tokenizer, String text, IntStream.Builder ids) {
        IntStream.of(tokenizer.encode(text, AddedTokenParsing.PLAIN_TEXT)).forEach(ids);
    }
}
