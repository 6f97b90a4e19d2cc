package ingot.tests.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.runtime.tokenizer.SpecialTokens;
import ingot.runtime.tokenizer.StreamDecoder;
import ingot.runtime.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class StreamDecoderTest {
    private final Tokenizer tokenizer = Tokenizer.of(TokenizerFixtures.small());

    /** One token per byte, so that every boundary inside every character is met. */
    @Test
    void charactersAppearWhenTheyAreComplete() {
        String text = "a\u00e9\u0939\u5b57\ud83d\ude00\uffff\ud800\udc00\udbff\udfffz";
        StreamDecoder decoder = tokenizer.streamDecoder(SpecialTokens.KEEP);
        for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
            String character = Character.toString(text.codePointAt(i));
            byte[] bytes = character.getBytes(StandardCharsets.UTF_8);
            for (int k = 0; k < bytes.length - 1; k++) {
                assertEquals("", decoder.push(byteToken(bytes[k])), character);
            }
            assertEquals(character, decoder.push(byteToken(bytes[bytes.length - 1])));
        }
        assertEquals("", decoder.flush());
    }

    /** Any bytes at all: the stream gives the text of the whole, and never holds back more than three bytes. */
    @Test
    void anyBytesGiveTheTextOfTheWhole() {
        var random = new SplittableRandom(11);
        int[] leads = {'a', 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2, 0xe0, 0xe1, 0xed, 0xf0, 0xf1, 0xf4, 0xf5};
        for (int round = 0; round < 20_000; round++) {
            int[] ids = new int[random.nextInt(9)];
            for (int i = 0; i < ids.length; i++) {
                int any = random.nextInt(256);
                ids[i] = byteToken((byte) (random.nextBoolean() ? leads[random.nextInt(leads.length)] : any));
            }
            StreamDecoder decoder = tokenizer.streamDecoder(SpecialTokens.KEEP);
            var text = new StringBuilder();
            for (int id : ids) {
                text.append(decoder.push(id));
            }
            String rest = decoder.flush();
            assertTrue(rest.length() <= 1);
            assertEquals(tokenizer.decode(ids), text + rest);
        }
    }

    @Test
    void specialAndUnknownTokens() {
        int end = tokenizer.idOf("<|im_end|>").orElseThrow();
        assertTrue(tokenizer.isSpecial(end));
        StreamDecoder skipping = tokenizer.streamDecoder(SpecialTokens.SKIP);
        assertEquals("", skipping.push(end));
        assertEquals("<|im_end|>", tokenizer.streamDecoder(SpecialTokens.KEEP).push(end));
        assertEquals("", tokenizer.decode(new int[] {703, 1_000_000, Integer.MAX_VALUE, -1, Integer.MIN_VALUE}));
    }

    private int byteToken(byte b) {
        for (int id = 0; id < tokenizer.data().vocabulary().size(); id++) {
            if (tokenizer.data().vocabulary().length(id) == 1
                    && tokenizer.data().vocabulary().byteAt(id, 0) == b) {
                return id;
            }
        }
        throw new AssertionError(b);
    }
}
