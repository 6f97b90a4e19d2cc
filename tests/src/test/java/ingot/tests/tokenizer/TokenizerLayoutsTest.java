package ingot.tests.tokenizer;

import static ingot.tests.tokenizer.TokenizerFixtures.copy;
import static ingot.tests.tokenizer.TokenizerFixtures.json;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.json.Json;
import ingot.formats.tokenizer.AddedToken;
import ingot.formats.tokenizer.Normalization;
import ingot.formats.tokenizer.PreTokenization;
import ingot.formats.tokenizer.TokenizerConfig;
import ingot.formats.tokenizer.TokenizerData;
import ingot.formats.tokenizer.TokenizerReader;
import ingot.formats.tokenizer.TokenizerWriter;
import ingot.runtime.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** One tokenizer in three layouts is one record; what is written is what was published. */
final class TokenizerLayoutsTest {
    /** Of qwen.tiktoken as published with Qwen-7B. */
    private static final String RANKS_SHA256 = "b2b1b8dfb5cc5f024bafc373121c6aba3f66f9a5a0269e243470a1de16a33186";

    @TempDir
    private Path folder;

    @Test
    void exportOfQwenIsThePublishedFiles() throws IOException, GeneralSecurityException {
        TokenizerData data = TokenizerFixtures.qwen();
        TokenizerWriter.Result result = TokenizerWriter.write(data, folder);
        assertEquals(List.of(), result.notes());
        assertEquals(6, result.files().size());
        for (String name : List.of("tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt")) {
            assertEquals(-1, Files.mismatch(folder.resolve(name), TokenizerFixtures.QWEN.resolve(name)), name);
        }
        byte[] digest =
                MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(folder.resolve("qwen.tiktoken")));
        assertEquals(RANKS_SHA256, HexFormat.of().formatHex(digest));
        assertEquals(data.config().chatTemplate(), Files.readString(folder.resolve("chat_template.jinja")));
        assertSameInEveryLayout(data);
    }

    @Test
    void smallVocabularyInEveryLayout() throws IOException {
        TokenizerData data = TokenizerFixtures.small();
        assertEquals(700, data.vocabulary().size());
        assertEquals(444, data.merges().size());
        assertEquals(3, data.addedTokens().size());
        assertEquals(703, data.vocabularySize());
        assertEquals("<|im_end|>", data.config().eosToken());
        assertEquals("<|endoftext|>", data.config().padToken());
        assertNull(data.config().bosToken());
        copy(TokenizerFixtures.SMALL, folder, "tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt");
        copy(TokenizerFixtures.SMALL, folder, "qwen.tiktoken");
        assertSameInEveryLayout(data);
    }

    /** Takes the layouts away one by one: JSON, then vocabulary and merges, then ranks. */
    private void assertSameInEveryLayout(TokenizerData data) throws IOException {
        assertEquals(data, TokenizerReader.read(folder));
        Files.delete(folder.resolve("tokenizer.json"));
        assertEquals(data, TokenizerReader.read(folder));
        Files.delete(folder.resolve("vocab.json"));
        assertEquals(data, TokenizerReader.read(folder));
        assertTrue(TokenizerReader.isPresent(folder));
    }

    @Test
    void trainedModelRoundTrips() {
        TokenizerData data = TokenizerReader.read(TokenizerFixtures.ROOT.resolve("models/qwen3-6m-gutenberg"));
        TokenizerWriter.Result result = TokenizerWriter.write(data, folder);
        assertEquals(data, TokenizerReader.read(folder));
        // Its vocabulary was trained: whether ranks can say it is for the writer to find out, and to say.
        boolean ranks = Files.exists(folder.resolve("qwen.tiktoken"));
        assertEquals(ranks, result.notes().stream().noneMatch(note -> note.startsWith("qwen.tiktoken")));
    }

    @Test
    void mergesAsPairs() throws IOException {
        TokenizerData data = TokenizerFixtures.small();
        copy(TokenizerFixtures.SMALL, folder, "tokenizer_config.json");
        ObjectNode json = (ObjectNode) json(Files.readString(TokenizerFixtures.SMALL.resolve("tokenizer.json")));
        ObjectNode model = (ObjectNode) json.get("model");
        ArrayNode pairs = Json.array();
        for (JsonNode merge : model.get("merges")) {
            String[] parts = merge.stringValue().split(" ");
            pairs.addArray().add(parts[0]).add(parts[1]);
        }
        assertEquals(444, pairs.size());
        model.set("merges", pairs);
        Files.writeString(folder.resolve("tokenizer.json"), Json.compact(json));
        assertEquals(data, TokenizerReader.read(folder));
    }

    /** The special tokens of Qwen v1 stand in no file; those of the first release are the default. */
    @Test
    void ranksOfQwenV1() throws IOException {
        copy(TokenizerFixtures.SMALL, folder, "qwen.tiktoken");
        TokenizerData data = TokenizerReader.read(folder);
        Tokenizer tokenizer = Tokenizer.of(data);
        assertEquals(700 + 208, tokenizer.vocabularySize());
        assertEquals(700, tokenizer.idOf("<|endoftext|>").orElseThrow());
        assertEquals(702, tokenizer.idOf("<|im_end|>").orElseThrow());
        assertEquals(703, tokenizer.idOf("<R>").orElseThrow());
        assertEquals(707, tokenizer.idOf("<sep>").orElseThrow());
        assertEquals(907, tokenizer.idOf("<extra_199>").orElseThrow());
        assertNull(data.config().original());

        Files.writeString(folder.resolve("tokenization_qwen.py"), "EXTRAS = tuple((f\"<|extra_{i}|>\" for i in ...))");
        Tokenizer later = Tokenizer.of(TokenizerReader.read(folder));
        assertEquals(703, later.idOf("<|extra_0|>").orElseThrow());
        assertEquals(907, later.idOf("<|extra_204|>").orElseThrow());
        assertTrue(later.idOf("<R>").isEmpty());

        Files.writeString(folder.resolve("config.json"), "{\"visual\": {\"width\": 4}}");
        Tokenizer vision = Tokenizer.of(TokenizerReader.read(folder));
        // 151857 in Qwen-VL, whose vocabulary has 151643 ranks.
        assertEquals(700 + 151857 - 151643, vision.idOf("<img>").orElseThrow());
    }

    @Test
    void olderAddedTokensFiles() throws IOException {
        copy(TokenizerFixtures.SMALL, folder, "vocab.json", "merges.txt");
        Files.writeString(folder.resolve("added_tokens.json"), "{\"<|endoftext|>\": 700, \"<tool>\": 701}");
        Files.writeString(
                folder.resolve("special_tokens_map.json"),
                "{\"eos_token\": {\"content\": \"<|endoftext|>\", \"lstrip\": false}, \"pad_token\": \"<|endoftext|>\"}");
        TokenizerData data = TokenizerReader.read(folder);
        assertEquals(
                List.of(
                        new AddedToken(700, "<|endoftext|>", AddedToken.Flags.CONTROL),
                        new AddedToken(701, "<tool>", new AddedToken.Flags(false, true, false, false, false))),
                data.addedTokens());
        assertEquals("<|endoftext|>", data.config().eosToken());
        assertEquals("<|endoftext|>", data.config().padToken());
        assertEquals(Normalization.NFC, data.normalization());
        assertEquals(PreTokenization.QWEN2, data.preTokenization());
    }

    @Test
    void chatTemplates() throws IOException {
        copy(TokenizerFixtures.SMALL, folder, "tokenizer.json");
        Files.writeString(
                folder.resolve("tokenizer_config.json"),
                "{\"chat_template\": [{\"name\": \"default\", \"template\": \"A\"},"
                        + " {\"name\": \"tool_use\", \"template\": \"B\"}]}");
        TokenizerConfig config = TokenizerReader.read(folder).config();
        assertEquals(Map.of("default", "A", "tool_use", "B"), config.chatTemplates());
        assertEquals("A", config.chatTemplate());
        Files.writeString(folder.resolve("chat_template.jinja"), "{{ C }}");
        assertEquals("{{ C }}", TokenizerReader.read(folder).config().chatTemplate());
    }

    /** Ranks cannot say merges in another order: the writer leaves the file out and says so. */
    @Test
    void ranksAreLeftOutWhereTheyWouldLie() throws IOException {
        copy(TokenizerFixtures.SMALL, folder, "vocab.json");
        List<String> merges = Files.readAllLines(TokenizerFixtures.SMALL.resolve("merges.txt"));
        merges.add(merges.remove(1 + 7));
        Files.write(folder.resolve("merges.txt"), merges);
        TokenizerData data = TokenizerReader.read(folder);
        assertNotEquals(TokenizerFixtures.small().merges(), data.merges());
        Path out = folder.resolve("out");
        TokenizerWriter.Result result = TokenizerWriter.write(data, out);
        assertFalse(Files.exists(out.resolve("qwen.tiktoken")));
        assertTrue(result.notes().stream().anyMatch(note -> note.startsWith("qwen.tiktoken not written")));
        assertEquals(data.merges(), TokenizerReader.read(out).merges());
    }

    /** Ids in the opposite order of ranks, so that id 0 is a merged token: the same pieces under other numbers. */
    @Test
    void idsNeedNotFollowRanks() throws IOException {
        copy(TokenizerFixtures.SMALL, folder, "merges.txt", "tokenizer_config.json");
        ObjectNode vocab = (ObjectNode) json(Files.readString(TokenizerFixtures.SMALL.resolve("vocab.json")));
        ObjectNode reversed = Json.object();
        vocab.properties()
                .forEach(e -> reversed.put(e.getKey(), 699 - e.getValue().intValue()));
        Files.writeString(folder.resolve("vocab.json"), Json.compact(reversed));
        Tokenizer mirrored = Tokenizer.of(TokenizerReader.read(folder));
        Tokenizer tokenizer = Tokenizer.of(TokenizerFixtures.small());
        String first = mirrored.decode(new int[] {0, 0, 0});
        var texts = new RandomText(4);
        for (int i = 0; i < 5_000; i++) {
            String text = i == 0 ? first : i == 1 ? "!!!!" : texts.next();
            int[] expected = Arrays.stream(tokenizer.encode(text))
                    .map(id -> id < 700 ? 699 - id : id)
                    .toArray();
            assertArrayEquals(expected, mirrored.encode(text));
        }
    }

    /** Without a configuration one is made up that says the same. */
    @Test
    void exportWithoutConfiguration() throws IOException {
        copy(TokenizerFixtures.SMALL, folder, "tokenizer.json");
        TokenizerData data = TokenizerReader.read(folder);
        assertNull(data.config().original());
        Path out = folder.resolve("out");
        TokenizerWriter.write(data, out);
        Files.delete(out.resolve("tokenizer.json"));
        assertEquals(data.addedTokens(), TokenizerReader.read(out).addedTokens());
    }
}
