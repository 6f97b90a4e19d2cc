package ingot.runtime;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.runtime.template.ChatRequest;
import ingot.runtime.template.ChatTemplate;
import ingot.runtime.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.node.ObjectNode;

/** How a model wants conversations written. */
public sealed interface ChatFormat permits ChatFormat.Jinja, Qwen1Format {
    /**
     * A conversation as the model reads it.
     *
     * @param text for reading; tokenizing it need not give {@code ids}
     */
    record Prompt(String text, int[] ids) {
        public Prompt {
            ids = ids.clone();
        }

        @Override
        public int[] ids() {
            return ids.clone();
        }
    }

    /**
     * Writes the conversation.
     *
     * @throws IngotException.BadData when the messages are not of the kind the format knows
     */
    Prompt prompt(ChatRequest request);

    /** Tokens that end the assistant's turn. */
    Set<Integer> stopIds();

    /** Whether a prompt ends where the assistant is to speak unless asked otherwise. */
    boolean generationPromptByDefault();

    /**
     * The format of a model: its chat template, else {@code make_context} where the tokenizer is that of the first Qwen.
     *
     * @param generationConfig generation_config.json, where there is one
     * @param origin named in errors
     */
    static Optional<ChatFormat> of(Tokenizer tokenizer, Optional<ObjectNode> generationConfig, Path origin) {
        String template = tokenizer.config().chatTemplate();
        if (template != null) {
            return Optional.of(new Jinja(tokenizer, ChatTemplate.compile(template, origin)));
        }
        return Qwen1Format.of(tokenizer, generationConfig, Text.path(origin));
    }

    /** A Jinja template, rendered and then tokenized as one text. */
    record Jinja(Tokenizer tokenizer, ChatTemplate template) implements ChatFormat {
        @Override
        public Prompt prompt(ChatRequest request) {
            String text = template.render(request);
            return new Prompt(text, tokenizer.encode(text));
        }

        @Override
        public Set<Integer> stopIds() {
            var id = tokenizer.idOf(tokenizer.config().eosToken());
            return id.isPresent() ? Set.of(id.getAsInt()) : Set.of();
        }

        @Override
        public boolean generationPromptByDefault() {
            return false;
        }
    }
}
