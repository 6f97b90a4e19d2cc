package ingot.formats.tokenizer;

import ingot.formats.IngotException;
import ingot.formats.Text;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Collects added tokens from the places that list them; two places may repeat each other but not disagree. */
final class AddedTokenTable {
    private final TreeMap<Integer, AddedToken> byId = new TreeMap<>();
    private final Map<String, Integer> byContent = new HashMap<>();
    private int characters;

    /** In id order. */
    List<AddedToken> tokens() {
        return new ArrayList<>(byId.values());
    }

    boolean isEmpty() {
        return byId.isEmpty();
    }

    @Nullable
    AddedToken get(int id) {
        return byId.get(id);
    }

    /** The {@code added_tokens} array of tokenizer.json. */
    void addArray(JsonFields root) {
        if (root.get("added_tokens") == null) {
            return;
        }
        int i = 0;
        for (JsonNode element : root.array("added_tokens")) {
            String place = "added_tokens[" + i++ + "]";
            JsonFields fields = JsonFields.of(element, root.file(), place);
            JsonNode id = fields.get("id");
            if (id == null) {
                throw fields.bad("id", "is missing");
            }
            AddedToken token = token(fields, JsonFields.id(id, TokenizerData.MAX_ADDED_ID, root.file(), place + ".id"));
            if (byId.containsKey(token.id())) {
                throw IngotException.BadData.in(root.file(), place + ": token id " + token.id() + " is listed twice");
            }
            put(token, root.file(), place);
        }
    }

    /** The {@code added_tokens_decoder} object of tokenizer_config.json: id as text to token. */
    void addDecoder(JsonFields config) {
        JsonFields decoder = config.optionalObject("added_tokens_decoder");
        if (decoder == null) {
            return;
        }
        for (Map.Entry<String, JsonNode> entry : decoder.node().properties()) {
            String key = entry.getKey();
            String place = "added_tokens_decoder." + Text.quote(key);
            if (!key.matches("0|[1-9][0-9]{0,7}") || Integer.parseInt(key) > TokenizerData.MAX_ADDED_ID) {
                throw IngotException.BadData.in(
                        config.file(), place + ": expected a token id, 0 to " + TokenizerData.MAX_ADDED_ID);
            }
            JsonFields fields = JsonFields.of(entry.getValue(), config.file(), place);
            put(token(fields, Integer.parseInt(key)), config.file(), place);
        }
    }

    /** The older added_tokens.json: content to id, without flags; {@code special} says which are control tokens. */
    void addContentToId(JsonFields root, java.util.Set<String> special) {
        for (Map.Entry<String, JsonNode> entry : root.node().properties()) {
            String place = Text.quote(entry.getKey());
            int id = JsonFields.id(entry.getValue(), TokenizerData.MAX_ADDED_ID, root.file(), place);
            AddedToken known = byId.get(id);
            boolean control = special.contains(entry.getKey());
            var flags = known != null ? known.flags() : new AddedToken.Flags(control, !control, false, false, false);
            put(new AddedToken(id, entry.getKey(), flags), root.file(), place);
        }
    }

    /** Adds one token, or checks that it is the one already there. */
    void put(AddedToken token, Path file, String place) {
        if (token.content().isEmpty() || token.content().length() > TokenizerData.MAX_ADDED_CHARS) {
            throw IngotException.BadData.in(
                    file,
                    place + ": an added token has " + token.content().length() + " characters; expected 1 to "
                            + TokenizerData.MAX_ADDED_CHARS);
        }
        AddedToken old = byId.get(token.id());
        if (old != null && !old.content().equals(token.content())) {
            throw IngotException.BadData.in(
                    file,
                    place + ": token id " + token.id() + " is " + Text.quote(token.content()) + " here and "
                            + Text.quote(old.content()) + " elsewhere");
        }
        if (old != null && !old.flags().equals(token.flags())) {
            throw IngotException.BadData.in(
                    file, place + ": flags of " + Text.quote(token.content()) + " differ from those listed elsewhere");
        }
        Integer id = byContent.putIfAbsent(token.content(), token.id());
        if (id != null && id != token.id()) {
            throw IngotException.BadData.in(
                    file, place + ": " + Text.quote(token.content()) + " has the ids " + id + " and " + token.id());
        }
        if (byId.put(token.id(), token) == null) {
            characters += token.content().length();
        }
        if (byId.size() > TokenizerData.MAX_ADDED_TOKENS) {
            throw IngotException.BadData.in(file, "more than " + TokenizerData.MAX_ADDED_TOKENS + " added tokens");
        }
        if (characters > TokenizerData.MAX_ADDED_TEXT) {
            throw IngotException.BadData.in(
                    file, "added tokens of more than " + TokenizerData.MAX_ADDED_TEXT + " characters together");
        }
    }

    /** The token as all JSON layouts write it. The library's default for {@code normalized} is "not special". */
    static AddedToken token(JsonFields fields, int id) {
        boolean special = fields.flag("special", false);
        var flags = new AddedToken.Flags(
                special,
                fields.flag("normalized", !special),
                fields.flag("lstrip", false),
                fields.flag("rstrip", false),
                fields.flag("single_word", false));
        return new AddedToken(id, fields.string("content"), flags);
    }
}
