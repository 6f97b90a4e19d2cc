package ingot.cli;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.gguf.GgufFile;
import ingot.formats.gguf.GgufModel;
import ingot.formats.hf.GgufPath;
import ingot.formats.ingot.IngotFile;
import ingot.formats.io.Folders;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import ingot.formats.tokenizer.TokenizerData;
import ingot.formats.tokenizer.TokenizerReader;
import ingot.runtime.ChatFormat;
import ingot.runtime.tokenizer.Tokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * The text side of a model, opened without its weights.
 *
 * @param generationConfig generation_config.json, where there is one
 * @param origin named in errors
 */
record ModelText(Tokenizer tokenizer, Optional<ObjectNode> generationConfig, Path origin) {
    /** @param model an {@code .ingot} or GGUF file, a model folder, or a weight file in one */
    static ModelText open(Path given) {
        Path model = GgufPath.resolve(given);
        return new ModelText(Tokenizer.of(data(model)), generationConfig(model), model);
    }

    private static Optional<ObjectNode> generationConfig(Path model) {
        if (GgufFile.recognises(model)) {
            try (GgufModel file = GgufModel.open(model)) {
                return file.generationConfig();
            }
        }
        if (IngotFile.recognises(model)) {
            try (IngotFile file = IngotFile.open(model)) {
                return file.manifest().generationConfig();
            }
        }
        Path file = Folders.companion(Files.isDirectory(model) ? model : Folders.of(model), "generation_config.json");
        return Files.exists(file) ? Optional.of(Json.readObject(file, JsonBound.CONFIG)) : Optional.empty();
    }

    /** The tokenizer as the model has it. */
    static TokenizerData data(Path given) {
        if (!Files.exists(given)) {
            throw new IngotException.MissingInput(Text.path(given) + ": no such file or folder");
        }
        Path model = GgufPath.resolve(given);
        if (GgufFile.recognises(model)) {
            try (GgufModel file = GgufModel.open(model)) {
                return file.tokenizer()
                        .orElseThrow(() ->
                                new IngotException.MissingInput(Text.path(model) + ": no tokenizer in its metadata"));
            }
        }
        if (!IngotFile.recognises(model)) {
            return TokenizerReader.read(Files.isDirectory(model) ? model : Folders.of(model));
        }
        try (IngotFile file = IngotFile.open(model)) {
            return file.tokenizer()
                    .orElseThrow(() -> new IngotException.MissingInput(
                            Text.path(model) + ": no tokenizer inside; convert again from a folder that has one"));
        }
    }

    /** How the model wants conversations written. */
    ChatFormat chat() {
        return ChatFormat.of(tokenizer, generationConfig, origin)
                .orElseThrow(() -> new IngotException.Usage(Text.path(origin) + ": the model has no chat template"));
    }
}
