package ingot.runtime;

import ingot.formats.gguf.GgufModel;
import ingot.formats.hf.HfFolder;
import ingot.formats.ingot.IngotFile;
import ingot.formats.tokenizer.TokenizerData;
import ingot.formats.tokenizer.TokenizerReader;
import ingot.runtime.template.ChatTemplate;
import ingot.runtime.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * Tokenizer and chat template of a model, read when first asked for: measuring needs neither. Safe for several threads; a
 * failure is tried again by the next call.
 */
final class TextParts {
    private final Supplier<Optional<TokenizerData>> source;
    private final Path origin;
    private @Nullable Optional<Tokenizer> tokenizer;
    private final Supplier<Optional<ObjectNode>> generationConfig;
    private @Nullable Optional<ChatTemplate> template;
    private @Nullable Optional<ChatFormat> chat;

    private TextParts(
            Supplier<Optional<TokenizerData>> source, Supplier<Optional<ObjectNode>> generationConfig, Path origin) {
        this.source = source;
        this.generationConfig = generationConfig;
        this.origin = origin;
    }

    static TextParts of(IngotFile file) {
        return new TextParts(file::tokenizer, () -> file.manifest().generationConfig(), file.path());
    }

    static TextParts of(HfFolder folder) {
        Path path = folder.folder();
        Optional<ObjectNode> generation = folder.generationConfig();
        return new TextParts(
                () -> TokenizerReader.isPresent(path) ? Optional.of(TokenizerReader.read(path)) : Optional.empty(),
                () -> generation,
                path);
    }

    static TextParts of(GgufModel model) {
        Optional<ObjectNode> generation = model.generationConfig();
        return new TextParts(model.laterTokenizer(), () -> generation, model.path());
    }

    synchronized Optional<Tokenizer> tokenizer() {
        if (tokenizer == null) {
            tokenizer = source.get().map(Tokenizer::of);
        }
        return tokenizer;
    }

    synchronized Optional<ChatTemplate> template() {
        if (template == null) {
            template = tokenizer().flatMap(this::compile);
        }
        return template;
    }

    synchronized Optional<ChatFormat> chat() {
        if (chat == null) {
            chat = tokenizer().flatMap(t -> ChatFormat.of(t, generationConfig.get(), origin));
        }
        return chat;
    }

    private Optional<ChatTemplate> compile(Tokenizer from) {
        String text = from.config().chatTemplate();
        return text == null ? Optional.empty() : Optional.of(ChatTemplate.compile(text, origin));
    }
}
