package ingot.tests.tokenizer;

import static ingot.tests.tokenizer.TokenizerFixtures.copy;
import static ingot.tests.tokenizer.TokenizerFixtures.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.json.Json;
import ingot.formats.tokenizer.TokenizerReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Tokenizer files that lie: each ends in one line that names the file and the fault. */
final class HostileTokenizerTest {
    @TempDir
    private Path folder;

    /** A change to a good tokenizer.json, and words of the message it must end in. */
    static Stream<Arguments> brokenTokenizerJson() {
        return Stream.of(
                broken("is missing", root -> root.remove("model")),
                broken("expected an object", root -> root.put("model", 3)),
                broken("'Unigram' is not supported", root -> model(root).put("type", "Unigram")),
                broken("'WordPiece' is not supported", root -> model(root).put("type", "WordPiece")),
                broken(
                        "byte_fallback true is not supported",
                        root -> model(root).put("byte_fallback", true)),
                broken(
                        "ignore_merges true is not supported",
                        root -> model(root).put("ignore_merges", true)),
                broken("expected true or false", root -> model(root).put("byte_fallback", "no")),
                broken("dropout is set", root -> model(root).put("dropout", 0.1)),
                broken("end_of_word_suffix '</w>'", root -> model(root).put("end_of_word_suffix", "</w>")),
                broken(
                        "normalizer 'NFKC' is not supported",
                        root -> root.putObject("normalizer").put("type", "NFKC")),
                broken("decoder 'WordPiece'", root -> root.putObject("decoder").put("type", "WordPiece")),
                broken(
                        "'TemplateProcessing'",
                        root -> root.putObject("post_processor").put("type", "TemplateProcessing")),
                broken(
                        "pre_tokenizer has 1 steps",
                        root -> root.putObject("pre_tokenizer").put("type", "Whitespace")),
                broken(
                        "none of the known Qwen expressions",
                        root -> split(root).putObject("pattern").put("Regex", "(a+)+$")),
                broken(
                        "pattern.Regex is missing",
                        root -> split(root).putObject("pattern").put("String", " ")),
                broken("invert true", root -> split(root).put("invert", true)),
                broken("behavior 'Removed'", root -> split(root).put("behavior", "Removed")),
                broken("id '2147483647'", root -> vocab(root).put("!", Integer.MAX_VALUE)),
                broken(
                        "id '18446744073709551616'",
                        root -> vocab(root).put("!", new java.math.BigInteger("18446744073709551616"))),
                broken("id '-1'", root -> vocab(root).put("!", -1)),
                broken("expected an integer id", root -> vocab(root).put("!", "0")),
                broken("expected an integer id", root -> vocab(root).put("!", 0.5)),
                broken("token id 1 stands for both", root -> vocab(root).put("!", 1)),
                broken(
                        "the ids of 699 tokens must be 0 to 698",
                        root -> vocab(root).remove("!")),
                broken("byte 0x21 is no token", root -> replaceToken(root, "!", "ab!c")),
                broken("U+5B57", root -> replaceToken(root, "!", "\u5b57")),
                broken("U+0020", root -> replaceToken(root, "!", " ")),
                broken("0 bytes long", root -> replaceToken(root, "!", "")),
                broken("1025 bytes long", root -> replaceToken(root, "!", "a".repeat(1025))),
                broken(
                        "part 'zzzz' of the merge is not in the vocabulary",
                        root -> merges(root).add("a zzzz")),
                broken("result '!#' of the merge", root -> merges(root).add("! #")),
                broken(
                        "merged twice",
                        root -> merges(root).add(merges(root).get(0).stringValue())),
                broken(
                        "model.merges[444]: expected two tokens",
                        root -> merges(root).add("ab")),
                broken("expected two tokens", root -> merges(root).add("a  b")),
                broken("expected \"left right\"", root -> merges(root).add(7)),
                broken(
                        "expected \"left right\"",
                        root -> merges(root).addArray().add("a").add("b").add("c")),
                broken(
                        "expected a string, found number",
                        root -> merges(root).addArray().add("a").add(1)),
                broken("expected an array", root -> model(root).putObject("merges")),
                broken(
                        "added_tokens[3].id is missing",
                        root -> added(root).addObject().put("content", "x")),
                broken("is outside 0 to", root -> addToken(root, "<x>", Integer.MAX_VALUE)),
                broken("is outside 0 to", root -> addToken(root, "<x>", -1)),
                broken("token id 700 is listed twice", root -> addToken(root, "<x>", 700)),
                broken("has the ids 701 and 703", root -> addToken(root, "<|im_start|>", 703)),
                broken("which is '!' in the vocabulary", root -> addToken(root, "<x>", 0)),
                broken("has id 703 but is token", root -> addToken(root, "!", 703)),
                broken("has 0 characters", root -> addToken(root, "", 703)),
                broken("has 5000 characters", root -> addToken(root, "x".repeat(5000), 703)),
                broken("lone surrogate", root -> addToken(root, "\ud800", 703)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("brokenTokenizerJson")
    void tokenizerJson(String expected, Consumer<ObjectNode> change) throws IOException {
        ObjectNode root = (ObjectNode) json(Files.readString(TokenizerFixtures.SMALL.resolve("tokenizer.json")));
        change.accept(root);
        Path file = folder.resolve("tokenizer.json");
        // A lone surrogate survives only as an escape.
        Files.writeString(file, Json.compact(root).replace("\ud800", "\\ud800"));
        assertBad(file, expected);
    }

    @Test
    void duplicateTokensAndNestingAreRefused() throws IOException {
        Path file = folder.resolve("tokenizer.json");
        String good = Files.readString(TokenizerFixtures.SMALL.resolve("tokenizer.json"));
        Files.writeString(file, good.replace("\"vocab\":{", "\"vocab\":{\"!\":0,"));
        assertBad(file, "malformed JSON");
        Files.writeString(file, "[".repeat(100_000));
        assertBad(file, "malformed JSON");
        for (int length : new int[] {0, 1, 7, 100, 1000, good.length() / 2, good.length() - 1}) {
            Files.writeString(file, good.substring(0, length));
            assertBad(file, "tokenizer.json");
        }
    }

    static Stream<Arguments> brokenConfig() {
        return Stream.of(
                Arguments.of(
                        "{\"added_tokens_decoder\": {\"700\": {\"content\": \"<x>\"}}}", "token id 700 is '<x>' here"),
                Arguments.of(
                        "{\"added_tokens_decoder\": {\"700\": {\"content\": \"<|endoftext|>\", \"special\": false}}}",
                        "flags of '<|endoftext|>' differ"),
                Arguments.of(
                        "{\"added_tokens_decoder\": {\"2147483647\": {\"content\": \"x\"}}}", "expected a token id"),
                Arguments.of("{\"added_tokens_decoder\": {\"07\": {\"content\": \"x\"}}}", "expected a token id"),
                Arguments.of("{\"added_tokens_decoder\": []}", "expected an object, found array"),
                Arguments.of("{\"eos_token\": 3}", "eos_token: expected a string"),
                Arguments.of("{\"eos_token\": {}}", "eos_token.content is missing"),
                Arguments.of("{\"chat_template\": 3}", "chat_template: expected a string"),
                Arguments.of("{\"chat_template\": [{\"name\": \"a\"}]}", "template is missing"),
                Arguments.of(
                        "{\"chat_template\": [{\"name\": \"a\", \"template\": \"\"}, {\"name\": \"a\", \"template\": \"\"}]}",
                        "listed twice"),
                Arguments.of("{\"pretokenize_regex\": \"(a*)*b\"}", "none of the known Qwen expressions"),
                Arguments.of("{", "malformed JSON"));
    }

    @ParameterizedTest
    @MethodSource("brokenConfig")
    void tokenizerConfig(String config, String expected) throws IOException {
        copy(TokenizerFixtures.SMALL, folder, "tokenizer.json");
        Path file = folder.resolve("tokenizer_config.json");
        Files.writeString(file, config);
        assertBad(file, expected);
    }

    static Stream<Arguments> brokenRanks() {
        return Stream.of(
                Arguments.of("IQ==", "IQ=", "'IQ=' is not base64"),
                Arguments.of("IQ==", "IR==", "is not base64"),
                Arguments.of("IQ==", "I!==", "is not base64"),
                Arguments.of("IQ== 0\n", "IQ==\n", "line 1: expected a base64 token"),
                Arguments.of("IQ== 0\n", "IQ== x\n", "line 1: expected a base64 token"),
                Arguments.of("IQ== 0\n", "IQ== -1\n", "line 1: expected a base64 token"),
                Arguments.of("IQ== 0\n", "IQ== 2147483647\n", "without holes"),
                Arguments.of("IQ== 0\n", "IQ== 9999999999\n", "without holes"),
                Arguments.of("IQ== 0\n", "IQ== 1\n", "rank 1 is used twice"),
                Arguments.of("IQ== 0\n", "", "without holes"),
                Arguments.of("IQ== 0\n", "IiE= 0\n", "byte 0x21 is no token"),
                Arguments.of("IQ== 0\n", "IQ== 0\nISEhISEh 700\n", "not a merge of two tokens of lower rank"),
                Arguments.of("IQ== 0\n", "IQ== 0\nIQ== 700\n", "has the ids 0 and 700"),
                Arguments.of("IQ== 0\n", "IQ== 0\n" + "x".repeat(300) + "\n", "line 2: expected a base64 token"));
    }

    @ParameterizedTest
    @MethodSource("brokenRanks")
    void ranks(String from, String to, String expected) throws IOException {
        Path file = folder.resolve("qwen.tiktoken");
        String good = Files.readString(TokenizerFixtures.SMALL.resolve("qwen.tiktoken"));
        assertTrue(good.contains(from));
        Files.writeString(file, good.replaceFirst(from, to));
        assertBad(file, expected);
    }

    @Test
    void mergesFile() throws IOException {
        copy(TokenizerFixtures.SMALL, folder, "vocab.json");
        var missing = assertThrows(IngotException.MissingInput.class, () -> TokenizerReader.read(folder));
        assertTrue(missing.getMessage().contains("merges.txt: no such file"), missing.getMessage());
        Path file = folder.resolve("merges.txt");
        List<String> good = Files.readAllLines(TokenizerFixtures.SMALL.resolve("merges.txt"));
        for (String line : List.of("", "a", "a ", " a", "a b c", "zz y", "a b\r")) {
            List<String> lines = new ArrayList<>(good);
            lines.add(5, line);
            Files.write(file, lines);
            assertBad(file, "line 6: ");
        }
        Files.write(file, new byte[] {'a', ' ', (byte) 0xff, '\n'});
        assertBad(file, "not valid UTF-8");
    }

    @Test
    void otherFiles() throws IOException {
        assertFalse(TokenizerReader.isPresent(folder));
        var missing = assertThrows(IngotException.MissingInput.class, () -> TokenizerReader.read(folder));
        assertTrue(missing.getMessage().contains("no tokenizer; expected tokenizer.json"), missing.getMessage());
        copy(TokenizerFixtures.SMALL, folder, "tokenizer.json");
        Path added = folder.resolve("added_tokens.json");
        Files.writeString(added, "{\"<x>\": 700}");
        assertBad(added, "token id 700 is '<x>' here and '<|endoftext|>' elsewhere");
        Files.writeString(added, "{\"<x>\": \"y\"}");
        assertBad(added, "expected a token id");
        Files.delete(added);
        Path jinja = folder.resolve("chat_template.jinja");
        Files.write(jinja, new byte[] {(byte) 0xc3});
        assertBad(jinja, "not valid UTF-8");
        // A template is copied inert whatever it says.
        String payload = "{{ ''.__class__.__mro__[1].__subclasses__() }}";
        Files.writeString(jinja, payload, StandardCharsets.UTF_8);
        assertEquals(payload, TokenizerReader.read(folder).config().chatTemplate());
    }

    private void assertBad(Path file, String expected) {
        var bad = assertThrows(IngotException.BadData.class, () -> TokenizerReader.read(folder));
        assertTrue(bad.getMessage().startsWith(file.toString()), bad.getMessage());
        assertTrue(bad.getMessage().contains(expected), bad.getMessage());
        assertFalse(bad.getMessage().contains("\n"));
        assertTrue(bad.getMessage().length() < 600, bad.getMessage());
    }

    private static Arguments broken(String expected, Consumer<ObjectNode> change) {
        return Arguments.of(expected, change);
    }

    private static ObjectNode model(ObjectNode root) {
        return (ObjectNode) root.get("model");
    }

    private static ObjectNode vocab(ObjectNode root) {
        return (ObjectNode) model(root).get("vocab");
    }

    private static ArrayNode merges(ObjectNode root) {
        return (ArrayNode) model(root).get("merges");
    }

    private static ArrayNode added(ObjectNode root) {
        return (ArrayNode) root.get("added_tokens");
    }

    private static ObjectNode split(ObjectNode root) {
        return (ObjectNode) root.get("pre_tokenizer").get("pretokenizers").get(0);
    }

    private static void addToken(ObjectNode root, String content, int id) {
        added(root).addObject().put("id", id).put("content", content).put("special", true);
    }

    private static void replaceToken(ObjectNode root, String from, String to) {
        int id = vocab(root).get(from).intValue();
        vocab(root).remove(from);
        vocab(root).put(to, id);
    }
}
