package ingot.formats.tokenizer;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes a tokenizer in every published layout: tokenizer.json, tokenizer_config.json, vocab.json, merges.txt,
 * chat_template.jinja (if there is a template) and qwen.tiktoken (if ranks can say it).
 */
public final class TokenizerWriter {
    /** Every name this may write. */
    public static final List<String> NAMES = List.of(
            "tokenizer.json",
            "tokenizer_config.json",
            "vocab.json",
            "merges.txt",
            "chat_template.jinja",
            "qwen.tiktoken");

    private TokenizerWriter() {}

    /**
     * What was written.
     *
     * @param files in the order written
     * @param notes one line for each thing left out or not as it was, saying why
     */
    public record Result(List<Path> files, List<String> notes) {
        public Result {
            files = List.copyOf(files);
            notes = List.copyOf(notes);
        }
    }

    /**
     * Writes the files into {@code folder}, which is created if need be; files of these names are replaced.
     *
     * @throws IngotException.CannotCreate if the folder cannot be created
     * @throws IngotException.ReadWrite if writing a file fails
     */
    public static Result write(TokenizerData data, Path folder) {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new IngotException.CannotCreate(
                    Text.path(folder) + ": cannot create the folder: " + Text.reason(e), e);
        }
        List<Path> files = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        files.add(write(folder, "tokenizer.json", Json.compact(TokenizerJsonWriter.tokenizerJson(data))));
        if (!isContiguous(data)) {
            notes.add("tokenizer.json: the ids of the added tokens have holes; the Hugging Face library closes them");
        }
        String original = data.config().original();
        files.add(write(
                folder,
                "tokenizer_config.json",
                original != null ? original : Json.pretty(TokenizerJsonWriter.tokenizerConfig(data)) + "\n"));
        files.add(write(folder, "vocab.json", Json.compact(TokenizerJsonWriter.vocab(data.vocabulary()))));
        files.add(write(folder, "merges.txt", mergesText(data)));
        String template = data.config().chatTemplate();
        if (template != null) {
            files.add(write(folder, "chat_template.jinja", template));
        } else {
            notes.add("chat_template.jinja not written: the tokenizer has no chat template");
        }
        if (!RankFile.isFaithful(data.vocabulary(), data.merges())) {
            notes.add("qwen.tiktoken not written: its ranks would not give these merges");
        } else if (data.normalization() != Normalization.NFC || data.preTokenization() != PreTokenization.QWEN2) {
            notes.add("qwen.tiktoken not written: that layout implies NFC and the pre-tokenizer of Qwen v1");
        } else {
            files.add(write(folder, "qwen.tiktoken", RankFile.write(data.vocabulary())));
        }
        return new Result(files, notes);
    }

    /** Whether the added tokens follow the vocabulary and each other, as the Hugging Face library numbers them. */
    private static boolean isContiguous(TokenizerData data) {
        int next = data.vocabulary().size();
        for (AddedToken token : data.addedTokens()) {
            if (token.id() >= data.vocabulary().size() && token.id() != next++) {
                return false;
            }
        }
        return true;
    }

    private static String mergesText(TokenizerData data) {
        var text = new StringBuilder("#version: 0.2\n");
        for (int rank = 0; rank < data.merges().size(); rank++) {
            text.append(TokenizerJsonWriter.merge(data, rank)).append('\n');
        }
        return text.toString();
    }

    private static Path write(Path folder, String name, String text) {
        return write(folder, name, text.getBytes(StandardCharsets.UTF_8));
    }

    private static Path write(Path folder, String name, byte[] content) {
        Path file = folder.resolve(name);
        try {
            Files.write(file, content);
        } catch (IOException e) {
            throw new IngotException.ReadWrite(Text.path(file) + ": cannot be written: " + Text.reason(e), e);
        }
        return file;
    }
}
