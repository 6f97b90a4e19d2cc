package ingot.formats.tokenizer;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What surrounds the vocabulary: the tokens with a role, the chat templates, and the configuration file as it was.
 *
 * @param bosToken text put before every document, or null (all Qwen models)
 * @param eosToken text that ends a turn or document, or null if no file says
 * @param padToken text that fills batches, or null
 * @param chatTemplates Jinja sources by name in file order; a single template is called {@value #DEFAULT_TEMPLATE}
 * @param original {@code tokenizer_config.json} as read, character for character, or null if there was none
 */
public record TokenizerConfig(
        @Nullable String bosToken,
        @Nullable String eosToken,
        @Nullable String padToken,
        Map<String, String> chatTemplates,
        @Nullable String original) {
    /** Name of the template used when none is named. */
    public static final String DEFAULT_TEMPLATE = "default";

    public TokenizerConfig {
        chatTemplates = Collections.unmodifiableMap(new LinkedHashMap<>(chatTemplates));
    }

    /** The template used when none is named, or null. Inert text: rendering it is the runtime's sandboxed business. */
    public @Nullable String chatTemplate() {
        return chatTemplates.get(DEFAULT_TEMPLATE);
    }
}
