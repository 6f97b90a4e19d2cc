package ingot.tests.tokenizer;

import static ingot.tests.tokenizer.TokenizerFixtures.hex;
import static ingot.tests.tokenizer.TokenizerFixtures.toInts;
import static ingot.tests.tokenizer.TokenizerFixtures.toLongs;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ingot.formats.tokenizer.AddedToken;
import ingot.formats.tokenizer.PreTokenization;
import ingot.formats.tokenizer.TokenizerData;
import ingot.runtime.tokenizer.SpecialTokens;
import ingot.runtime.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Token for token against the Hugging Face tokenizers library, which DJL carries as a native library. */
final class ReferenceParityTest {
    private static final int RANDOM_TEXTS = 100_000;

    @TempDir
    private Path folder;

    @Test
    void randomTexts() throws IOException {
        Tokenizer ours = Tokenizer.of(TokenizerFixtures.qwen());
        try (HuggingFaceTokenizer reference = TokenizerFixtures.reference(TokenizerFixtures.QWEN)) {
            var texts = new RandomText(20250101);
            for (int i = 0; i < RANDOM_TEXTS; i++) {
                assertSame(reference, ours, texts.next());
            }
        }
    }

    @Test
    void randomTextsWithTheExpressionOfQwen35() throws IOException {
        TokenizerData data =
                TokenizerFixtures.variant(TokenizerFixtures.small(), PreTokenization.QWEN3_5, List.of(), folder);
        Tokenizer ours = Tokenizer.of(data);
        try (HuggingFaceTokenizer reference = TokenizerFixtures.reference(folder)) {
            var texts = new RandomText(35);
            for (int i = 0; i < 20_000; i++) {
                assertSame(reference, ours, texts.next());
            }
        }
    }

    /** Class and composition of every character that is assigned, but for the uniform blocks of Han and Hangul. */
    @Test
    void everyCharacter() throws IOException {
        Tokenizer ours = Tokenizer.of(TokenizerFixtures.small());
        try (HuggingFaceTokenizer reference = TokenizerFixtures.reference(TokenizerFixtures.SMALL)) {
            List<String> probes = new ArrayList<>();
            for (int c = 0; c < Character.MAX_CODE_POINT; c++) {
                boolean uniform = c >= 0x3500 && c < 0x9e00
                        || c >= 0xac80 && c < 0xd700
                        || c >= 0x17100 && c < 0x18c00
                        || c >= 0x20100 && c < 0x2f700;
                int type = Character.getType(c);
                if (uniform
                        || type == Character.UNASSIGNED
                        || type == Character.SURROGATE
                        || type == Character.PRIVATE_USE) {
                    continue;
                }
                String s = Character.toString(c);
                probes.add("a" + s + "1!" + s + "a1  " + s + "  '" + s + "a");
                probes.add("a\u0301" + s + "\u0316\u0327a" + s + "\u0334\u3099");
                probes.add(Normalizer.normalize(s, Normalizer.Form.NFD));
                if (probes.size() >= 90) {
                    assertSame(reference, ours, probes);
                    probes.clear();
                }
            }
            assertSame(reference, ours, probes);
        }
    }

    /** lstrip, rstrip, single_word, normalized, overlapping contents, in every combination of neighbours. */
    @Test
    void flagsOfAddedTokens() throws IOException {
        List<AddedToken> added = List.of(
                token(703, "<l>", new AddedToken.Flags(true, false, true, false, false)),
                token(704, "<r>", new AddedToken.Flags(true, false, false, true, false)),
                token(705, "<lr>", new AddedToken.Flags(true, false, true, true, false)),
                token(706, "word", new AddedToken.Flags(false, false, false, false, true)),
                token(707, "wordword", new AddedToken.Flags(false, false, false, false, false)),
                token(708, "caf\u00e9", new AddedToken.Flags(false, true, false, false, false)),
                token(709, "e\u0301\u0301", new AddedToken.Flags(false, true, true, false, true)),
                token(710, "<a><b>", new AddedToken.Flags(true, true, false, true, false)),
                token(711, "<a>", new AddedToken.Flags(true, false, false, false, false)),
                token(712, " x", new AddedToken.Flags(false, false, false, false, false)));
        TokenizerData data = TokenizerFixtures.variant(TokenizerFixtures.small(), PreTokenization.QWEN2, added, folder);
        Tokenizer ours = Tokenizer.of(data);
        List<String> parts = List.of(
                "<l>",
                "<r>",
                "<lr>",
                "word",
                "caf\u00e9",
                "cafe\u0301",
                "e\u0301\u0301",
                "\u00e9\u0301",
                "<a>",
                "<b>",
                " x",
                " ",
                "\n",
                "\u3000",
                "\u0301",
                "1",
                "_",
                "\u200d",
                "b",
                "<",
                ">",
                "\u5b57",
                "<|im_end|>",
                ".");
        var random = new SplittableRandom(7);
        try (HuggingFaceTokenizer reference = TokenizerFixtures.reference(folder)) {
            for (int i = 0; i < 30_000; i++) {
                var text = new StringBuilder();
                for (int n = random.nextInt(10); n > 0; n--) {
                    text.append(parts.get(random.nextInt(parts.size())));
                }
                assertSame(reference, ours, text.toString());
            }
        }
    }

    /** Ids in random order are mostly invalid UTF-8; the replacement characters must agree too. */
    @Test
    void decodingRandomIds() throws IOException {
        Tokenizer ours = Tokenizer.of(TokenizerFixtures.qwen());
        var random = new SplittableRandom(3);
        try (HuggingFaceTokenizer reference = TokenizerFixtures.reference(TokenizerFixtures.QWEN)) {
            for (int i = 0; i < 10_000; i++) {
                int few = random.nextBoolean() ? 512 : ours.vocabularySize() + 40;
                int[] ids = random.ints(random.nextInt(12), 0, few).toArray();
                assertEquals(reference.decode(toLongs(ids), false), ours.decode(ids));
                assertEquals(reference.decode(toLongs(ids), true), ours.decode(ids, SpecialTokens.SKIP));
            }
        }
    }

    /** What the reference reads is what we wrote: same ids, including merges of the whole vocabulary. */
    @Test
    void referenceLoadsTheExport() throws IOException {
        TokenizerData data =
                TokenizerFixtures.variant(TokenizerFixtures.qwen(), PreTokenization.QWEN2, List.of(), folder);
        Tokenizer ours = Tokenizer.of(data);
        try (HuggingFaceTokenizer reference = TokenizerFixtures.reference(folder)) {
            var texts = new RandomText(99);
            for (int i = 0; i < 500; i++) {
                assertSame(reference, ours, texts.next());
            }
        }
    }

    private static AddedToken token(int id, String content, AddedToken.Flags flags) {
        return new AddedToken(id, content, flags);
    }

    private static void assertSame(HuggingFaceTokenizer reference, Tokenizer ours, List<String> texts) {
        String joined = String.join("\n", texts);
        if (!Arrays.equals(toInts(reference.encode(joined).getIds()), ours.encode(joined))) {
            texts.forEach(text -> assertSame(reference, ours, text));
            fail("only together: " + hex(joined));
        }
    }

    private static void assertSame(HuggingFaceTokenizer reference, Tokenizer ours, String text) {
        int[] expected = toInts(reference.encode(text).getIds());
        assertArrayEquals(expected, ours.encode(text), () -> hex(text));
    }
}
