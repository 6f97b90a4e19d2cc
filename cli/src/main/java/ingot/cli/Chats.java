package ingot.cli;

import ingot.formats.json.Json;
import ingot.formats.tokenizer.TokenizerConfig;
import ingot.runtime.template.ChatRequest;
import ingot.runtime.template.ChatTemplate;
import ingot.runtime.tokenizer.Tokenizer;
import java.time.Clock;
import java.time.ZoneId;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Conversations as a model's template writes them. */
final class Chats {
    private Chats() {}

    /**
     * Renders {@code {"messages", "tools"?, …}}; members beside these two are variables of the template, as
     * {@code enable_thinking}.
     */
    static String render(
            Tokenizer tokenizer, ChatTemplate template, ObjectNode conversation, boolean addGenerationPrompt) {
        ObjectNode variables = Json.object();
        TokenizerConfig config = tokenizer.config();
        put(variables, "bos_token", config.bosToken());
        put(variables, "eos_token", config.eosToken());
        put(variables, "pad_token", config.padToken());
        conversation.properties().forEach(e -> {
            switch (e.getKey()) {
                case "messages", "tools", "add_generation_prompt" -> {}
                default -> variables.set(e.getKey(), e.getValue());
            }
        });
        JsonNode messages = conversation.get("messages");
        JsonNode tools = conversation.get("tools");
        return template.render(new ChatRequest(
                messages == null ? Json.array() : messages,
                tools == null || tools.isNull() ? null : tools,
                addGenerationPrompt,
                variables,
                Clock.system(ZoneId.systemDefault())));
    }

    private static void put(ObjectNode variables, String name, @Nullable String value) {
        if (value != null) {
            variables.put(name, value);
        }
    }
}
