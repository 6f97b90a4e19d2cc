package ingot.formats.tokenizer;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.io.Folders;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The small JSON files beside the vocabulary: tokenizer_config.json, special_tokens_map.json, the chat template. */
final class FolderConfig {
    /**
     * Bound of each of these files; the published ones stay below 20 KB. {@link TokenizerData#MAX_ADDED_TOKENS} with their
     * flags are a quarter of a million JSON tokens.
     */
    private static final JsonBound MAX = new JsonBound(4 << 20, 1 << 19);

    private static final Set<String> ROLES =
            Set.of("bos_token", "eos_token", "pad_token", "unk_token", "sep_token", "cls_token", "mask_token");

    private final Path folder;
    private final @Nullable String original;
    private final @Nullable JsonFields config;
    private final @Nullable JsonFields specialTokensMap;

    FolderConfig(Path folder) {
        this.folder = folder;
        Path configFile = Folders.companion(folder, "tokenizer_config.json");
        if (Files.exists(configFile)) {
            byte[] bytes = Json.readBytes(configFile, MAX.bytes());
            this.config = JsonFields.root(Json.parseObject(bytes, configFile, MAX), configFile);
            this.original = new String(bytes, StandardCharsets.UTF_8);
        } else {
            this.config = null;
            this.original = null;
        }
        this.specialTokensMap = optional("special_tokens_map.json");
    }

    /** Adds what tokenizer_config.json and added_tokens.json list. */
    void addTo(AddedTokenTable added) {
        if (config != null) {
            added.addDecoder(config);
        }
        JsonFields contentToId = optional("added_tokens.json");
        if (contentToId != null) {
            added.addContentToId(contentToId, specialTokens());
        }
    }

    /** The expression named by tokenizer_config.json (Qwen3.5 writes it there too), or null. */
    @Nullable
    PreTokenization preTokenization() {
        String expression = config == null ? null : config.optionalString("pretokenize_regex");
        return expression == null || config == null ? null : PreTokenization.of(expression, config.file());
    }

    TokenizerConfig read() {
        return new TokenizerConfig(role("bos_token"), role("eos_token"), role("pad_token"), chatTemplates(), original);
    }

    private @Nullable String role(String name) {
        String token = config == null ? null : token(config, name);
        return token == null && specialTokensMap != null ? token(specialTokensMap, name) : token;
    }

    /** Contents of all tokens with a role or listed as additional special tokens. */
    private Set<String> specialTokens() {
        Set<String> special = new HashSet<>();
        for (JsonFields fields : new @Nullable JsonFields[] {config, specialTokensMap}) {
            if (fields == null) {
                continue;
            }
            for (String name : ROLES) {
                String token = token(fields, name);
                if (token != null) {
                    special.add(token);
                }
            }
            if (fields.get("additional_special_tokens") != null) {
                int i = 0;
                for (JsonNode element : fields.array("additional_special_tokens")) {
                    String place = "additional_special_tokens[" + i++ + "]";
                    special.add(content(element, fields.file(), place));
                }
            }
        }
        return special;
    }

    private static @Nullable String token(JsonFields fields, String name) {
        JsonNode value = fields.get(name);
        return value == null ? null : content(value, fields.file(), name);
    }

    /** A token written as its text or as an AddedToken object. */
    private static String content(JsonNode value, Path file, String place) {
        return value.isObject()
                ? JsonFields.of(value, file, place).string("content")
                : JsonFields.text(value, file, place);
    }

    private Map<String, String> chatTemplates() {
        Map<String, String> templates = new LinkedHashMap<>();
        JsonNode value = config == null ? null : config.get("chat_template");
        if (config != null && value != null) {
            if (value.isArray()) {
                for (JsonNode element : value) {
                    String place = "chat_template[" + templates.size() + "]";
                    JsonFields named = JsonFields.of(element, config.file(), place);
                    if (templates.put(named.string("name"), named.string("template")) != null) {
                        throw named.bad("name", Text.quote(named.string("name")) + " is listed twice");
                    }
                }
            } else {
                templates.put(TokenizerConfig.DEFAULT_TEMPLATE, JsonFields.text(value, config.file(), "chat_template"));
            }
        }
        Path jinja = Folders.companion(folder, "chat_template.jinja");
        if (Files.exists(jinja)) {
            templates.put(TokenizerConfig.DEFAULT_TEMPLATE, text(jinja, MAX.bytes()));
        }
        return templates;
    }

    private @Nullable JsonFields optional(String name) {
        Path file = Folders.companion(folder, name);
        return Files.exists(file) ? JsonFields.root(Json.readObject(file, MAX), file) : null;
    }

    /** A whole UTF-8 file as text. */
    static String text(Path file, long maxBytes) {
        try {
            byte[] bytes = Json.readBytes(file, maxBytes);
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw IngotException.BadData.in(file, "is not valid UTF-8");
        }
    }
}
