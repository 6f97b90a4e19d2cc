package ingot.tests.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.tokenizer.AddedToken;
import ingot.formats.tokenizer.Normalization;
import ingot.formats.tokenizer.PreTokenization;
import ingot.formats.tokenizer.TokenizerConfig;
import ingot.formats.tokenizer.TokenizerData;
import ingot.runtime.tokenizer.Tokenizer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The tokenizer inside an .ingot file. */
final class TokenizerCodecTest {
    private static final Path ORIGIN = Path.of("model.ingot");

    @Test
    void roundTrips() {
        TokenizerData small = TokenizerFixtures.small();
        Map<String, String> templates = new LinkedHashMap<>();
        templates.put("tool_use", "{{ \"\u5b57\\n\" }}");
        templates.put("default", "");
        var odd = new TokenizerData(
                small.vocabulary(),
                small.merges(),
                List.of(new AddedToken(
                        1_000_000, " \u00e9\ud83d\ude00", new AddedToken.Flags(false, true, true, true, true))),
                Normalization.NONE,
                PreTokenization.QWEN3_5,
                new TokenizerConfig("<s>", null, "\"", templates, null));
        for (TokenizerData data : List.of(small, TokenizerFixtures.qwen(), odd)) {
            byte[] blob = data.encode();
            assertEquals(data, decode(blob));
            assertArrayEquals(blob, decode(blob).encode());
            // Anywhere in a larger buffer of the other byte order.
            ByteBuffer larger = ByteBuffer.allocateDirect(blob.length + 14).order(ByteOrder.BIG_ENDIAN);
            larger.position(7).put(blob).flip().position(7);
            assertEquals(data, TokenizerData.decode(larger.asReadOnlyBuffer(), ORIGIN));
        }
    }

    /** As {@code docs} specify it, read with nothing of ours. */
    @Test
    void layoutIsAsDocumented() {
        TokenizerData data = TokenizerFixtures.small();
        ByteBuffer blob = ByteBuffer.wrap(data.encode()).order(ByteOrder.LITTLE_ENDIAN);
        byte[] magic = new byte[8];
        blob.get(magic);
        assertEquals("INGOTTOK", new String(magic, StandardCharsets.US_ASCII));
        assertEquals(
                List.of(1, 1, 0, 700, 444),
                List.of(blob.getInt(), blob.getInt(), blob.getInt(), blob.getInt(), blob.getInt()));
        int bytes = blob.getInt();
        int json = blob.getInt();
        assertEquals(blob.capacity(), 36 + 4 * 700 + 12 * 444 + bytes + json);
        int tokens = 36 + 4 * 700 + 12 * 444;
        int end = blob.getInt(36 + 4 * 699);
        int start = blob.getInt(36 + 4 * 698);
        byte[] last = Arrays.copyOfRange(blob.array(), tokens + start, tokens + end);
        assertArrayEquals(data.vocabulary().token(699), last);
        assertEquals(data.merges().left(443), blob.getInt(36 + 4 * 700 + 4 * 443));
        assertEquals(data.merges().right(443), blob.getInt(36 + 4 * 700 + 4 * 444 + 4 * 443));
        assertEquals(data.merges().result(443), blob.getInt(36 + 4 * 700 + 8 * 444 + 4 * 443));
        String text = new String(blob.array(), tokens + bytes, json, StandardCharsets.UTF_8);
        assertTrue(text.startsWith("{\"added_tokens\":[{\"id\":700,\"content\":\"<|endoftext|>\""), text);
    }

    @Test
    void everyTruncationIsRefused() {
        byte[] blob = TokenizerFixtures.small().encode();
        for (int length = 0; length < blob.length; length++) {
            byte[] cut = Arrays.copyOf(blob, length);
            assertThrows(IngotException.BadData.class, () -> decode(cut));
        }
        assertThrows(IngotException.BadData.class, () -> decode(Arrays.copyOf(blob, blob.length + 1)));
    }

    @Test
    void liesInTheHeaderAreNamed() {
        byte[] blob = TokenizerFixtures.small().encode();
        assertBad(blob, 0, 0, "INGOTTOK");
        assertBad(blob, 8, 2, "@8: tokenizer: version 2; this Ingot reads version 1");
        assertBad(blob, 8, -1, "version 4294967295");
        assertBad(blob, 12, 9, "unknown normalization 9");
        assertBad(blob, 16, -2, "unknown pre-tokenization 4294967294");
        for (int field = 20; field < 36; field += 4) {
            assertBad(blob, field, -1, "4294967295");
            assertBad(blob, field, Integer.MAX_VALUE, "2147483647");
            assertBad(blob, field, 1, "the counts ask for");
        }
        assertBad(blob, 36, -1, "token 0 does not end in the token bytes");
        assertBad(blob, 36, 0, "token id 0 is 0 bytes long");
        assertBad(blob, 36 + 4 * 700, 700, "merge 0 names token 700 of 700");
        assertBad(blob, 36 + 4 * 700, -1, "merge 0 names token 4294967295");
        assertBad(blob, 36 + 4 * 700, 5, "is not token 5 followed by");
    }

    /** Whatever bytes are changed, it is either a tokenizer that works or one clear refusal. */
    @Test
    void changedBytesNeverBreakAnything() {
        byte[] blob = TokenizerFixtures.small().encode();
        var random = new SplittableRandom(17);
        int refused = 0;
        for (int round = 0; round < 4000; round++) {
            byte[] changed = blob.clone();
            for (int n = 1 + random.nextInt(4); n > 0; n--) {
                changed[random.nextInt(changed.length)] = (byte) random.nextInt(256);
            }
            try {
                Tokenizer tokenizer = Tokenizer.of(decode(changed));
                tokenizer.decode(tokenizer.encode("The caf\u00e9 \u5b57 <|im_end|>    x"));
            } catch (IngotException.BadData e) {
                refused++;
            }
        }
        assertTrue(refused > 1000);
    }

    private static void assertBad(byte[] blob, int at, int value, String expected) {
        byte[] changed = blob.clone();
        ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN).putInt(at, value);
        var bad = assertThrows(IngotException.BadData.class, () -> decode(changed));
        assertTrue(bad.getMessage().startsWith("model.ingot: "), bad.getMessage());
        assertTrue(bad.getMessage().contains(expected), bad.getMessage());
    }

    private static TokenizerData decode(byte[] blob) {
        return TokenizerData.decode(ByteBuffer.wrap(blob), ORIGIN);
    }
}
