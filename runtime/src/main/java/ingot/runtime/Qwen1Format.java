package ingot.runtime;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.json.Json;
import ingot.runtime.template.ChatRequest;
import ingot.runtime.template.Qwen1Chat;
import ingot.runtime.tokenizer.AddedTokenParsing;
import ingot.runtime.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Conversations of the first Qwen: {@code make_context} of qwen_generation_utils.py. Turns are dropped, oldest first, once
 * system message, history and the turn together reach {@code window} tokens; the last question always stays.
 *
 * @param window {@code max_window_size}
 * @param raw whether the prompt is the last message as it stands ({@code chat_format} raw, the base models)
 * @param origin named in errors
 */
record Qwen1Format(Tokenizer tokenizer, int window, boolean raw, String origin) implements ChatFormat {
    /** What {@code chat()} of the reference says where the caller gives no system message. */
    private static final String SYSTEM = "You are a helpful assistant.";

    private static final String END_OF_TEXT = "<|endoftext|>";
    private static final int DEFAULT_WINDOW = 6144;

    /** Present if the tokenizer has the control tokens and one of the numbered extras that only the first Qwen has. */
    static Optional<ChatFormat> of(Tokenizer tokenizer, Optional<ObjectNode> generationConfig, String origin) {
        boolean extras = tokenizer.idOf("<|extra_0|>").isPresent()
                || tokenizer.idOf("<extra_0>").isPresent();
        if (!extras
                || tokenizer.idOf(Qwen1Chat.START).isEmpty()
                || tokenizer.idOf(Qwen1Chat.END).isEmpty()) {
            return Optional.empty();
        }
        ObjectNode settings = generationConfig.orElseGet(Json::object);
        String format = text(settings.get("chat_format"));
        if (format != null && !format.equals("chatml") && !format.equals("raw")) {
            throw new IngotException.ConfigMismatch(origin + ": generation_config.json: 'chat_format' "
                    + Text.quote(format) + " is not supported; expected chatml or raw");
        }
        JsonNode size = settings.get("max_window_size");
        int window = size != null && size.isIntegralNumber() && size.canConvertToInt() && size.intValue() > 0
                ? size.intValue()
                : DEFAULT_WINDOW;
        return Optional.of(new Qwen1Format(tokenizer, window, "raw".equals(format), origin));
    }

    @Override
    public Prompt prompt(ChatRequest request) {
        if (request.tools() != null) {
            throw bad("'tools' are not supported: the first Qwen has no way to write them");
        }
        Conversation conversation = conversation(request.messages());
        if (raw) {
            return new Prompt(conversation.query(), tokenizer.encode(conversation.query()));
        }
        List<Qwen1Chat.Segment> segments =
                Qwen1Chat.segments(conversation.system(), recent(conversation), conversation.query());
        if (!request.addGenerationPrompt()) {
            segments = segments.subList(0, segments.size() - Qwen1Chat.GENERATION_SEGMENTS);
        }
        return new Prompt(Qwen1Chat.text(segments), encode(segments));
    }

    @Override
    public Set<Integer> stopIds() {
        Set<Integer> ids = new TreeSet<>();
        for (String token : raw ? List.of(END_OF_TEXT) : List.of(Qwen1Chat.END, Qwen1Chat.START, END_OF_TEXT)) {
            tokenizer.idOf(token).ifPresent(ids::add);
        }
        return ids;
    }

    @Override
    public boolean generationPromptByDefault() {
        return true;
    }

    /** A system message, past exchanges and the question. */
    private record Conversation(String system, List<Qwen1Chat.Turn> history, String query) {}

    private Conversation conversation(JsonNode messages) {
        if (!messages.isArray() || messages.isEmpty()) {
            throw bad("expected a list of messages");
        }
        int at = 0;
        String system = SYSTEM;
        if ("system".equals(text(messages.get(0).get("role")))) {
            system = content(messages, 0, "system");
            at = 1;
        }
        List<Qwen1Chat.Turn> history = new ArrayList<>();
        while (at + 1 < messages.size()) {
            history.add(new Qwen1Chat.Turn(content(messages, at, "user"), content(messages, at + 1, "assistant")));
            at += 2;
        }
        if (at >= messages.size()) {
            throw bad("the last message is not the user's");
        }
        return new Conversation(system, history, content(messages, at, "user"));
    }

    private String content(JsonNode messages, int index, String role) {
        JsonNode message = messages.get(index);
        String actual = text(message.get("role"));
        String content = text(message.get("content"));
        if (!role.equals(actual) || content == null) {
            throw bad("message " + index + " is not a text of the role " + Text.quote(role)
                    + "; expected an optional system message, then user and assistant in turn, the user last");
        }
        return content;
    }

    /** The newest turns that fit the window. */
    private List<Qwen1Chat.Turn> recent(Conversation conversation) {
        int held = encode(Qwen1Chat.systemMessage(conversation.system())).length;
        List<Qwen1Chat.Turn> history = conversation.history();
        int from = history.size();
        while (from > 0) {
            int size = encode(Qwen1Chat.exchange(history.get(from - 1))).length;
            if (held + size >= window) {
                break;
            }
            held += size;
            from--;
        }
        return history.subList(from, history.size());
    }

    private int[] encode(List<Qwen1Chat.Segment> segments) {
        List<int[]> parts = new ArrayList<>();
        for (Qwen1Chat.Segment segment : segments) {
            parts.add(
                    switch (segment) {
                        case Qwen1Chat.Control(String token) -> new int[] {control(token)};
                        case Qwen1Chat.Plain(String plain) -> tokenizer.encode(plain, AddedTokenParsing.PLAIN_TEXT);
                    });
        }
        return parts.stream().flatMapToInt(Arrays::stream).toArray();
    }

    private int control(String token) {
        OptionalInt id = tokenizer.idOf(token);
        return id.orElseThrow(() -> bad("the tokenizer has no " + token));
    }

    private static @Nullable String text(@Nullable JsonNode value) {
        return value != null && value.isString() ? value.stringValue() : null;
    }

    private IngotException.BadData bad(String reason) {
        return new IngotException.BadData(origin + ": chat: " + reason);
    }
}
