package ingot.formats.tokenizer;

import ingot.formats.IngotException;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The binary form of a tokenizer, one tensor of bytes in an {@code .ingot} file. All numbers are unsigned 32-bit little
 * endian; the parts follow each other without padding and fill the blob exactly:
 *
 * <pre>
 *  0  8 bytes       "INGOTTOK"
 *  8  u32           version, 1
 * 12  u32           normalization: 0 none, 1 NFC
 * 16  u32           pre-tokenization: 0 Qwen2, 1 Qwen3.5 ({@link PreTokenization})
 * 20  u32           n, number of tokens
 * 24  u32           m, number of merges
 * 28  u32           b, bytes of all tokens together
 * 32  u32           j, bytes of the JSON part
 * 36  n x u32       ends: token i is the token bytes ends[i-1] .. ends[i], with ends[-1] = 0
 *     m x u32       left part of each merge in rank order (a token id)
 *     m x u32       right part
 *     m x u32       the token that the merge makes: left's bytes followed by right's
 *     b bytes       token bytes
 *     j bytes       JSON in UTF-8: {"added_tokens": [{"id", "content", "special", "normalized", "lstrip", "rstrip",
 *                   "single_word"} ... by rising id], "bos_token", "eos_token", "pad_token" (string or null),
 *                   "chat_templates": [{"name", "template"} ...], "tokenizer_config": the file's text or null}
 * </pre>
 *
 * Equal tokenizers give equal bytes. A reader checks everything but that tokens and merges are unique, which the writer
 * has checked: that alone would cost more than all the rest of the reading.
 */
final class TokenizerCodec {
    private static final byte[] MAGIC = "INGOTTOK".getBytes(StandardCharsets.US_ASCII);
    private static final int VERSION = 1;
    private static final int HEADER = 36;
    /**
     * Added tokens, the templates, and the tokenizer_config.json that they stand in, once more. A template has at most 4 MiB,
     * and six times that if it is all control characters.
     */
    private static final JsonBound MAX_JSON = new JsonBound(64 << 20, 1 << 19, 32 << 20);

    private TokenizerCodec() {}

    static byte[] encode(TokenizerData data) {
        byte[] json = Json.compact(json(data)).getBytes(StandardCharsets.UTF_8);
        Vocabulary vocabulary = data.vocabulary();
        Merges merges = data.merges();
        int size = Math.toIntExact(
                HEADER + 4L * vocabulary.size() + 12L * merges.size() + vocabulary.totalBytes() + json.length);
        ByteBuffer out = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        out.put(MAGIC).putInt(VERSION);
        out.putInt(data.normalization().code()).putInt(data.preTokenization().code());
        out.putInt(vocabulary.size()).putInt(merges.size());
        out.putInt(vocabulary.totalBytes()).putInt(json.length);
        for (int id = 0; id < vocabulary.size(); id++) {
            out.putInt(vocabulary.start(id) + vocabulary.length(id));
        }
        for (int rank = 0; rank < merges.size(); rank++) {
            out.putInt(merges.left(rank));
        }
        for (int rank = 0; rank < merges.size(); rank++) {
            out.putInt(merges.right(rank));
        }
        for (int rank = 0; rank < merges.size(); rank++) {
            out.putInt(merges.result(rank));
        }
        return out.put(vocabulary.bytes()).put(json).array();
    }

    static TokenizerData decode(ByteBuffer blob, Path origin) {
        ByteBuffer in = blob.slice().order(ByteOrder.LITTLE_ENDIAN);
        if (in.remaining() < HEADER || !in.slice(0, MAGIC.length).equals(ByteBuffer.wrap(MAGIC))) {
            throw bad(origin, 0, "expected a header of " + HEADER + " bytes beginning with INGOTTOK");
        }
        int version = in.position(MAGIC.length).getInt();
        if (version != VERSION) {
            throw bad(
                    origin,
                    8,
                    "version " + Integer.toUnsignedString(version) + "; this Ingot reads version " + VERSION);
        }
        Normalization normalization = normalization(in.getInt(), origin);
        PreTokenization preTokenization = preTokenization(in.getInt(), origin);
        int tokens = count(in, TokenizerData.MAX_TOKENS, "tokens", origin);
        int mergeCount = count(in, TokenizerData.MAX_TOKENS, "merges", origin);
        int bytes = count(in, in.capacity(), "token bytes", origin);
        int jsonBytes = count(in, (int) MAX_JSON.bytes(), "JSON bytes", origin);
        long size = HEADER + 4L * tokens + 12L * mergeCount + bytes + jsonBytes;
        if (size != in.capacity()) {
            throw bad(origin, 20, "the counts ask for " + size + " bytes, but there are " + in.capacity());
        }
        int[] starts = starts(in, tokens, bytes, origin);
        var merges = new Merges(
                ids(in, mergeCount, tokens, origin),
                ids(in, mergeCount, tokens, origin),
                ids(in, mergeCount, tokens, origin));
        byte[] tokenBytes = new byte[bytes];
        in.get(tokenBytes);
        var vocabulary = new Vocabulary(tokenBytes, starts);
        TokenizerChecks.vocabulary(vocabulary, origin);
        byte[] json = new byte[jsonBytes];
        in.get(json);
        JsonFields fields = JsonFields.root(Json.parseObject(json, origin, MAX_JSON), origin);
        var added = new AddedTokenTable();
        added.addArray(fields);
        var data =
                new TokenizerData(vocabulary, merges, added.tokens(), normalization, preTokenization, config(fields));
        TokenizerChecks.structure(data, origin);
        return data;
    }

    private static Normalization normalization(int code, Path origin) {
        for (Normalization kind : Normalization.values()) {
            if (kind.code() == code) {
                return kind;
            }
        }
        throw bad(origin, 12, "unknown normalization " + Integer.toUnsignedString(code));
    }

    private static PreTokenization preTokenization(int code, Path origin) {
        for (PreTokenization kind : PreTokenization.values()) {
            if (kind.code() == code) {
                return kind;
            }
        }
        throw bad(origin, 16, "unknown pre-tokenization " + Integer.toUnsignedString(code));
    }

    private static int count(ByteBuffer in, int max, String what, Path origin) {
        int at = in.position();
        int count = in.getInt();
        if (Integer.compareUnsigned(count, max) > 0) {
            throw bad(origin, at, Integer.toUnsignedString(count) + " " + what + "; at most " + max + " are possible");
        }
        return count;
    }

    private static int[] starts(ByteBuffer in, int tokens, int bytes, Path origin) {
        int at = in.position();
        int[] starts = new int[tokens + 1];
        in.asIntBuffer().get(starts, 1, tokens);
        in.position(at + 4 * tokens);
        for (int i = 1; i <= tokens; i++) {
            if (starts[i] < starts[i - 1] || starts[i] > bytes) {
                throw bad(origin, at + 4L * (i - 1), "token " + (i - 1) + " does not end in the token bytes");
            }
        }
        if (starts[tokens] != bytes) {
            throw bad(origin, at, "the tokens end at " + starts[tokens] + " of " + bytes + " token bytes");
        }
        return starts;
    }

    private static int[] ids(ByteBuffer in, int count, int tokens, Path origin) {
        int at = in.position();
        int[] ids = new int[count];
        in.asIntBuffer().get(ids);
        in.position(at + 4 * count);
        for (int i = 0; i < count; i++) {
            if (ids[i] < 0 || ids[i] >= tokens) {
                throw bad(
                        origin,
                        at + 4L * i,
                        "merge " + i + " names token " + Integer.toUnsignedString(ids[i]) + " of " + tokens);
            }
        }
        return ids;
    }

    private static ObjectNode json(TokenizerData data) {
        ObjectNode root = Json.object();
        ArrayNode added = root.putArray("added_tokens");
        data.addedTokens().forEach(token -> added.add(TokenizerJsonWriter.addedToken(token)));
        TokenizerConfig config = data.config();
        root.put("bos_token", config.bosToken());
        root.put("eos_token", config.eosToken());
        root.put("pad_token", config.padToken());
        ArrayNode templates = root.putArray("chat_templates");
        config.chatTemplates()
                .forEach((name, template) ->
                        templates.addObject().put("name", name).put("template", template));
        root.put("tokenizer_config", config.original());
        return root;
    }

    private static TokenizerConfig config(JsonFields json) {
        Map<String, String> templates = new LinkedHashMap<>();
        for (JsonNode element : json.array("chat_templates")) {
            JsonFields named = JsonFields.of(element, json.file(), "chat_templates[" + templates.size() + "]");
            if (templates.put(named.string("name"), named.string("template")) != null) {
                throw named.bad("name", "is listed twice");
            }
        }
        @Nullable String original = json.optionalString("tokenizer_config");
        return new TokenizerConfig(
                json.optionalString("bos_token"),
                json.optionalString("eos_token"),
                json.optionalString("pad_token"),
                templates,
                original);
    }

    private static IngotException.BadData bad(Path origin, long offset, String reason) {
        return IngotException.BadData.at(origin, offset, "tokenizer: " + reason);
    }
}
