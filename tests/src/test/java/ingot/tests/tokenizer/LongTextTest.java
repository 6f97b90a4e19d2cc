package ingot.tests.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ingot.runtime.tokenizer.SpecialTokens;
import ingot.runtime.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Text that is one piece, or one run of marks: the work must not grow with its square. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class LongTextTest {
    private static final int TEN_MB = 10_000_000;

    private final Tokenizer tokenizer = Tokenizer.of(TokenizerFixtures.qwen());

    /** Completes, and decodes to itself; quadratic work would take days. */
    @ParameterizedTest
    @ValueSource(strings = {"a", " ", "\u5b57", "="})
    void tenMegabytesOfOneCharacter(String character) {
        String text = character.repeat(TEN_MB / character.getBytes(StandardCharsets.UTF_8).length);
        int[] ids = tokenizer.encode(text);
        assertEquals(text, tokenizer.decode(ids, SpecialTokens.KEEP));
    }

    /** The heap of long pieces against the reference, around the length where it takes over. */
    @Test
    void longPiecesEqualTheReference() throws IOException {
        var random = new SplittableRandom(5);
        try (HuggingFaceTokenizer reference = TokenizerFixtures.reference(TokenizerFixtures.QWEN)) {
            for (int length : new int[] {1, 2, 7, 31, 33, 95, 96, 97, 98, 100, 129, 500, 3000}) {
                for (int letters : new int[] {1, 2, 3, 26}) {
                    var text = new StringBuilder();
                    random.ints(length, 0, letters).forEach(i -> text.append((char) ('a' + i)));
                    String s = text.toString();
                    assertArrayEquals(
                            TokenizerFixtures.toInts(reference.encode(s).getIds()), tokenizer.encode(s));
                }
                String same = " ".repeat(length);
                assertArrayEquals(
                        TokenizerFixtures.toInts(reference.encode(same).getIds()), tokenizer.encode(same));
            }
        }
    }

    /** Marks in the worst order for a sort by insertion; the order must still be the canonical one. */
    @Test
    void longRunsOfMarks() {
        String[] marks = {"\u0301", "\u0316", "\u0345", "\u05b0", "\u0344", "\u0334", "\u093c", "\u0f71", "\u1161", "x"
        };
        var random = new SplittableRandom(6);
        for (int length : new int[] {1, 127, 128, 129, 1000}) {
            var text = new StringBuilder("A");
            random.ints(length, 0, marks.length).forEach(i -> text.append(marks[i]));
            String s = text.toString();
            assertEquals(Normalizer.normalize(s, Normalizer.Form.NFC), tokenizer.decode(tokenizer.encode(s)));
            String one = "A" + marks[0] + s.replace("x", "");
            assertEquals(Normalizer.normalize(one, Normalizer.Form.NFC), tokenizer.decode(tokenizer.encode(one)));
        }
        String alternating = "\u0301\u0316".repeat(TEN_MB / 4);
        String sorted = "\u0316".repeat(TEN_MB / 4) + "\u0301".repeat(TEN_MB / 4);
        assertEquals(sorted, tokenizer.decode(tokenizer.encode(alternating)));
    }

    /** The table of repeated pieces is an optimisation: cutting the text elsewhere must not change a token. */
    @Test
    void repeatedPiecesAreTheSameTokens() {
        var texts = new RandomText(12);
        var text = new StringBuilder();
        for (int i = 0; i < 3000; i++) {
            text.append(texts.next()).append("<|im_end|>");
        }
        String once = text.toString();
        int[] ids = tokenizer.encode(once);
        int[] twice = tokenizer.encode(once + once);
        assertArrayEquals(ids, Arrays.copyOfRange(twice, 0, ids.length));
        assertArrayEquals(ids, Arrays.copyOfRange(twice, ids.length, twice.length));
    }
}
