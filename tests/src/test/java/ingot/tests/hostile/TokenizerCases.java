package ingot.tests.hostile;

import static ingot.tests.hostile.HostileCase.bad;
import static ingot.tests.hostile.HostileCase.mismatch;
import static ingot.tests.hostile.HostileCase.missing;

import ingot.formats.json.Json;
import ingot.formats.tokenizer.PreTokenization;
import ingot.tests.hostile.HostileCase.Accepted;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Rows 91 to 94: tokenizer files and the chat template. */
final class TokenizerCases {
    /** 256 bytes, "ab", one added token, and a few rows no token has. */
    static final int VOCAB = 261;

    /** A template that would run a command if anything ever interpreted it as more than a template. */
    static final String PAYLOAD =
            "{{ self.__init__.__globals__.__builtins__.__import__('os').popen('touch executed').read() }}";

    static final String JSON = "tokenizer\\.json: ";

    private TokenizerCases() {}

    static List<HostileCase> all() {
        return Stream.of(expressions(), ids(), merges(), TokenizerFileCases.all())
                .flatMap(List::stream)
                .toList();
    }

    private static List<HostileCase> expressions() {
        return List.of(
                good("row-91-tokenizer", root -> {}),
                json(
                        "row-91-expression-that-backtracks-forever",
                        "expression '\\(a\\+\\)\\+\\$' is none of the known",
                        root -> split(root).put("Regex", "(a+)+$")),
                json(
                        "row-91-expression-of-1-MB",
                        "is none of the known Qwen expressions",
                        root -> split(root).put("Regex", "a?".repeat(1 << 19))),
                json(
                        "row-91-expression-missing",
                        "Regex is missing",
                        root -> split(root).remove("Regex")),
                json(
                        "row-91-normalizer-with-expression",
                        "normalizer 'Replace' is not supported",
                        root -> root.putObject("normalizer").put("type", "Replace")),
                json(
                        "row-91-model-of-another-kind",
                        "tokenizer model 'WordPiece' is not supported",
                        root -> model(root).put("type", "WordPiece")));
    }

    private static List<HostileCase> ids() {
        return List.of(
                json(
                        "row-92-id-2^31-1",
                        "token 'ab' has id '2147483647'",
                        root -> vocab(root).put("ab", Integer.MAX_VALUE)),
                json(
                        "row-92-id-2^31",
                        "token 'ab' has id '2147483648'",
                        root -> vocab(root).put("ab", 1L << 31)),
                json(
                        "row-92-id-negative",
                        "token 'ab' has id '-1'",
                        root -> vocab(root).put("ab", -1)),
                json(
                        "row-92-id-as-text",
                        "token 'ab': expected an integer id",
                        root -> vocab(root).put("ab", "256")),
                json(
                        "row-92-duplicate-id",
                        "token id 65 stands for both",
                        root -> vocab(root).put("ab", 65)),
                json(
                        "row-92-hole-in-the-ids",
                        "token 'ab' has id '257'",
                        root -> vocab(root).put("ab", 257)),
                json(
                        "row-92-byte-without-a-token",
                        "byte 0x41 is no token",
                        root -> vocab(root).put("AA", 65).remove("A")),
                json(
                        "row-92-character-of-no-byte",
                        "has a character U\\+65E5 that stands for no byte",
                        root -> vocab(root).put("\u65e5", 65).remove("A")),
                json(
                        "row-92-added-id-2^31-1",
                        "token id '2147483647' is outside",
                        root -> added(root, 0).put("id", Integer.MAX_VALUE)),
                json(
                        "row-92-added-id-twice",
                        "token id 257 is listed twice",
                        root -> ((ArrayNode) root.path("added_tokens"))
                                .addObject()
                                .put("id", 257)
                                .put("content", "<b>")),
                json(
                        "row-92-added-token-with-two-ids",
                        "'<end>' has the ids 257 and 258",
                        root -> ((ArrayNode) root.path("added_tokens"))
                                .addObject()
                                .put("id", 258)
                                .put("content", "<end>")),
                json(
                        "row-92-added-token-over-another",
                        "added token '<end>' has id 65, which is 'A'",
                        root -> added(root, 0).put("id", 65)),
                json(
                        "row-92-vocabulary-missing",
                        "model.vocab is missing",
                        root -> model(root).remove("vocab")),
                json(
                        "row-92-tokens-that-collide",
                        "vocabulary: made so that more than 256 of its entries collide",
                        root -> Collisions.vocabulary(root, 10)),
                json(
                        "row-92-added-token-of-257-characters",
                        "an added token has 257 characters; expected 1 to 256",
                        root -> Collisions.many(root, 1, 257)),
                json(
                        "row-92-added-tokens-16385",
                        "more than 16384 added tokens",
                        root -> Collisions.many(root, 16_385, 8)),
                json(
                        "row-92-added-tokens-of-more-than-1-MB",
                        "added tokens of more than 1048576 characters together",
                        root -> Collisions.many(root, 10_000, 200)),
                mismatch(
                        "row-92-token-beyond-the-embedding",
                        "'vocab_size': 200, but the tokenizer has ids up to 257",
                        f -> tokenizer(f, 200, root -> {})));
    }

    private static List<HostileCase> merges() {
        return List.of(
                json(
                        "row-93-merge-of-unknown-part",
                        "merges\\[1\\]: part 'xyz' of the merge is not in the vocabulary",
                        root -> mergeList(root).addArray().add("xyz").add("a")),
                json(
                        "row-93-merge-with-unknown-result",
                        "merges\\[1\\]: result 'ba' of the merge is not in the vocabulary",
                        root -> mergeList(root).addArray().add("b").add("a")),
                json(
                        "row-93-merge-twice",
                        "are merged twice",
                        root -> mergeList(root).addArray().add("a").add("b")),
                json(
                        "row-93-merge-of-three",
                        "merges\\[1\\]: expected \"left right\"",
                        root -> mergeList(root).addArray().add("a").add("b").add("c")),
                json(
                        "row-93-merge-is-a-number",
                        "merges\\[1\\]: expected \"left right\"",
                        root -> mergeList(root).add(7)),
                json(
                        "row-93-merge-with-escape-sequence",
                        "part '\\\\u001b\\[2J'|character U\\+001B",
                        root -> mergeList(root).add("\u001b[2J a")),
                bad(
                        "row-93-merges-txt-of-unknown-part",
                        "merges\\.txt: line 2: part 'xyz' of the merge is not in the vocabulary",
                        f -> {
                            vocabulary(f);
                            Files.writeString(f.resolve("merges.txt"), "#version: 0.2\nxyz a\n");
                            return f;
                        }),
                missing("row-93-merges-txt-missing", "merges\\.txt: no such file", TokenizerCases::vocabulary));
    }

    /** A correct model with tokenizer.json but for {@code edit}. */
    static Path tokenizer(Path folder, int vocabSize, Consumer<ObjectNode> edit) throws java.io.IOException {
        ObjectNode root = Json.object();
        root.putArray("added_tokens")
                .addObject()
                .put("id", 257)
                .put("content", "<end>")
                .put("special", true);
        ObjectNode pre = root.putObject("pre_tokenizer").put("type", "Sequence");
        ArrayNode steps = pre.putArray("pretokenizers");
        ObjectNode split = steps.addObject()
                .put("type", "Split")
                .put("behavior", "Isolated")
                .put("invert", false);
        split.putObject("pattern").put("Regex", PreTokenization.QWEN2.expression());
        steps.addObject()
                .put("type", "ByteLevel")
                .put("add_prefix_space", false)
                .put("use_regex", false);
        root.putObject("decoder").put("type", "ByteLevel");
        ObjectNode model = root.putObject("model").put("type", "BPE");
        model.set("vocab", byteVocabulary());
        model.putArray("merges").addArray().add("a").add("b");
        edit.accept(root);
        Files.writeString(folder.resolve("tokenizer.json"), Json.compact(root));
        return new TinyModel(vocabSize).write(folder);
    }

    /** A model with vocab.json and no merges.txt. */
    private static Path vocabulary(Path folder) throws java.io.IOException {
        Files.writeString(folder.resolve("vocab.json"), Json.compact(byteVocabulary()));
        return new TinyModel(VOCAB).write(folder);
    }

    /** The 256 bytes in the order and spelling of GPT-2's byte-level alphabet, their values as ids, then "ab". */
    static ObjectNode byteVocabulary() {
        ObjectNode vocab = Json.object();
        char next = 256;
        for (int b = 0; b < 256; b++) {
            boolean itself = (b >= '!' && b <= '~') || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
            vocab.put(String.valueOf(itself ? (char) b : next++), b);
        }
        return vocab.put("ab", 256);
    }

    private static HostileCase json(String name, String message, Consumer<ObjectNode> edit) {
        return bad(name, JSON + ".*(" + message + ")", f -> tokenizer(f, VOCAB, edit));
    }

    private static HostileCase good(String name, Consumer<ObjectNode> edit) {
        return new HostileCase(
                name, "f32", f -> tokenizer(f, VOCAB, edit), new Accepted(new TinyModel(VOCAB).values(), 0, ""));
    }

    private static ObjectNode model(ObjectNode root) {
        return (ObjectNode) root.path("model");
    }

    private static ObjectNode vocab(ObjectNode root) {
        return (ObjectNode) model(root).path("vocab");
    }

    private static ArrayNode mergeList(ObjectNode root) {
        return (ArrayNode) model(root).path("merges");
    }

    private static ObjectNode added(ObjectNode root, int i) {
        return (ObjectNode) root.path("added_tokens").path(i);
    }

    private static ObjectNode split(ObjectNode root) {
        return (ObjectNode)
                root.path("pre_tokenizer").path("pretokenizers").path(0).path("pattern");
    }
}
