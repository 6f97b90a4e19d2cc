package ingot.runtime.template;

import ingot.formats.json.Json;
import java.time.Clock;
import java.time.ZoneId;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a chat template is rendered with, named as transformers' {@code apply_chat_template} names it.
 *
 * @param messages array of {@code {"role": …, "content": …}} objects
 * @param tools array of function schemas, or null: the template then sees {@code None}
 * @param addGenerationPrompt whether the text ends where the assistant is to speak
 * @param variables anything else: special tokens ({@code bos_token} …) and switches ({@code enable_thinking}); a member
 *     named like one of the fields above replaces it
 * @param clock the time {@code strftime_now} tells
 */
public record ChatRequest(
        JsonNode messages, @Nullable JsonNode tools, boolean addGenerationPrompt, ObjectNode variables, Clock clock) {

    /** Messages alone, with a generation prompt and the system's clock. */
    public static ChatRequest of(JsonNode messages) {
        return new ChatRequest(messages, null, true, Json.object(), Clock.system(ZoneId.systemDefault()));
    }

    public ChatRequest withTools(@Nullable JsonNode newTools) {
        return new ChatRequest(messages, newTools, addGenerationPrompt, variables, clock);
    }

    public ChatRequest withGenerationPrompt(boolean add) {
        return new ChatRequest(messages, tools, add, variables, clock);
    }

    public ChatRequest withVariables(ObjectNode newVariables) {
        return new ChatRequest(messages, tools, addGenerationPrompt, newVariables, clock);
    }

    public ChatRequest withClock(Clock newClock) {
        return new ChatRequest(messages, tools, addGenerationPrompt, variables, newClock);
    }
}
