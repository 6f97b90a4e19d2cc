package ingot.tests.tokenizer;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import ingot.formats.tokenizer.AddedToken;
import ingot.formats.tokenizer.PreTokenization;
import ingot.formats.tokenizer.TokenizerData;
import ingot.formats.tokenizer.TokenizerReader;
import ingot.formats.tokenizer.TokenizerWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** Where the tokenizers of the tests are, and how to open the reference library on them. */
final class TokenizerFixtures {
    static final Path ROOT = Path.of(System.getProperty("ingot.root")).resolve("golden-outputs");
    static final Path QWEN = ROOT.resolve("tokenizers/qwen");
    static final Path SMALL = ROOT.resolve("checkpoints/qwen2-e2e");

    private TokenizerFixtures() {}

    static TokenizerData qwen() {
        return TokenizerReader.read(QWEN);
    }

    static TokenizerData small() {
        return TokenizerReader.read(SMALL);
    }

    /** The reference library on the tokenizer.json of a folder; its native library comes out of its jar. */
    static HuggingFaceTokenizer reference(Path folder) throws IOException {
        return HuggingFaceTokenizer.newInstance(
                folder.resolve("tokenizer.json"),
                Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false"));
    }

    /** The same tokenizer with another pre-tokenizer and more added tokens, written for the reference to read. */
    static TokenizerData variant(
            TokenizerData base, PreTokenization preTokenization, List<AddedToken> more, Path folder) {
        var added = new java.util.ArrayList<>(base.addedTokens());
        added.addAll(more);
        var data = new TokenizerData(
                base.vocabulary(), base.merges(), added, base.normalization(), preTokenization, base.config());
        TokenizerWriter.write(data, folder);
        return data;
    }

    static int[] toInts(long[] ids) {
        int[] ints = new int[ids.length];
        for (int i = 0; i < ids.length; i++) {
            ints[i] = Math.toIntExact(ids[i]);
        }
        return ints;
    }

    static long[] toLongs(int[] ids) {
        long[] longs = new long[ids.length];
        for (int i = 0; i < ids.length; i++) {
            longs[i] = ids[i];
        }
        return longs;
    }

    static int[] ids(JsonNode array) {
        int[] ids = new int[array.size()];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = array.get(i).intValue();
        }
        return ids;
    }

    static void copy(Path from, Path to, String... names) throws IOException {
        for (String name : names) {
            Files.copy(from.resolve(name), to.resolve(name));
        }
    }

    static JsonNode json(String text) {
        return Json.parse(
                text.getBytes(java.nio.charset.StandardCharsets.UTF_8), Path.of("test.json"), JsonBound.INPUT);
    }

    /** Code points readable in a failure message. */
    static String hex(String text) {
        var out = new StringBuilder();
        text.chars()
                .forEach(c -> out.append(c >= ' ' && c < 127 ? Character.toString(c) : String.format("\\u%04x", c)));
        return out.toString();
    }
}
