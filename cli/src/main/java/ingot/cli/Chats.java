package ingot.cli;

import ingot.formats.json.Json;
import ingot.formats.tokenizer.TokenizerConfig;
import ingot.runtime.ChatFormat;
import ingot.runtime.template.ChatRequest;
import ingot.runtime.tokenizer.Tokenizer;
import java.time.Clock;
import java.time.ZoneId;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Conversations as a model wants them written. */
final class Chats {
    private Chats() {}

    /**
     * Writes {@code {"messages", "tools"?, …}}; members beside these two are variables of the template, as
     * {@code enable_thinking}.
     */
    static ChatFormat.Prompt prompt(
            Tokenizer tokenizer, ChatFormat chat, ObjectNode conversation, boolean addGenerationPrompt) {
        ObjectNode variables = Json.object();
        TokenizerConfig config = tokenizer.config();
        put(variables, "bos_token", config.bosToken());
        put(variables, "eos_token", config.eosToken());
        put(variables, "pad_token", config.padToken());
        conversation.properties().forEach(e -> {
            switch (e.getKey()) {
                case "messages", "tools", "add_generation_prompt", "query", "history", "system" -> {}
                default -> variables.set(e.getKey(), e.getValue());
            }
        });
        JsonNode messages = conversation.get("messages");
        JsonNode tools = conversation.get("tools");
        return chat.prompt(new ChatRequest(
                messages == null ? Json.array() : messages,
                tools == null || tools.isNull() ? null : tools,
                addGenerationPrompt,
                variables,
                Clock.system(ZoneId.systemDefault())));
    }

    /** Messages of {@code {"query", "history"?: [[query, response], …], "system"?}}, as the first Qwen's scripts take them. */
    static ArrayNode messages(JsonLine line) {
        ArrayNode messages = Json.array();
        if (line.has("system")) {
            add(messages, "system", line.string("system"));
        }
        JsonNode history = line.node().get("history");
        if (history != null) {
            for (JsonNode turn : history) {
                if (turn.size() != 2 || !turn.get(0).isString() || !turn.get(1).isString()) {
                    throw line.bad("expected 'history' to be a list of [query, response]");
                }
                add(messages, "user", turn.get(0).stringValue());
                add(messages, "assistant", turn.get(1).stringValue());
            }
        }
        add(messages, "user", line.string("query"));
        return messages;
    }

    private static void add(ArrayNode messages, String role, String content) {
        messages.addObject().put("role", role).put("content", content);
    }

    private static void put(ObjectNode variables, String name, @Nullable String value) {
        if (value != null) {
            variables.put(name, value);
        }
    }
}
