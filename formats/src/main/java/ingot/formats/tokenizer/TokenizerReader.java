package ingot.formats.tokenizer;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.io.Folders;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Reads the tokenizer of a Hugging Face folder. The first layout present is taken: {@code tokenizer.json}, else
 * {@code vocab.json} with {@code merges.txt}, else {@code qwen.tiktoken}. Beside it {@code tokenizer_config.json},
 * {@code added_tokens.json}, {@code special_tokens_map.json} and {@code chat_template.jinja} are read where present;
 * what two files both say must agree.
 */
public final class TokenizerReader {
    /**
     * Bound of tokenizer.json and vocab.json. Each of {@link TokenizerData#MAX_TOKENS} tokens is a name and a
     * number, each merge a list of two; the published ones stay below 20 MB and 1.5 million JSON tokens.
     */
    private static final JsonBound MAX_JSON = new JsonBound(64 << 20, 1 << 22, 1 << 20);
    /** Bound of merges.txt (published: 3 MB); its text takes six bytes of heap for each while it is decoded. */
    private static final long MAX_MERGE_BYTES = 32L << 20;

    /** Bound of qwen.tiktoken (published: 2.5 MB); it also bounds the work of deriving the merges. */
    private static final long MAX_RANK_BYTES = 8L << 20;

    private final Path folder;
    private final FolderConfig config;
    private final AddedTokenTable added = new AddedTokenTable();

    private TokenizerReader(Path folder) {
        this.folder = folder;
        this.config = new FolderConfig(folder);
    }

    /** Whether the folder has the vocabulary of a tokenizer in one of the layouts. */
    public static boolean isPresent(Path folder) {
        return exists(folder, "tokenizer.json") || exists(folder, "vocab.json") || exists(folder, "qwen.tiktoken");
    }

    /** A link that leads nowhere counts, so that reading it says so. */
    private static boolean exists(Path folder, String name) {
        return Files.exists(folder.resolve(name), LinkOption.NOFOLLOW_LINKS);
    }

    /**
     * Reads the tokenizer of {@code folder}.
     *
     * @throws IngotException.MissingInput if there is none, or merges.txt beside vocab.json is missing
     * @throws IngotException.BadData if a file breaks its format, two contradict each other, or it is a kind of
     *     tokenizer that no Qwen model has
     */
    public static TokenizerData read(Path folder) {
        if (exists(folder, "tokenizer.json")) {
            return new TokenizerReader(folder).readTokenizerJson(Folders.companion(folder, "tokenizer.json"));
        }
        if (exists(folder, "vocab.json")) {
            return new TokenizerReader(folder).readVocabJson(Folders.companion(folder, "vocab.json"));
        }
        if (exists(folder, "qwen.tiktoken")) {
            return new TokenizerReader(folder).readRanks(Folders.companion(folder, "qwen.tiktoken"));
        }
        throw new IngotException.MissingInput(Text.path(folder)
                + ": no tokenizer; expected tokenizer.json, vocab.json with merges.txt, or" + " qwen.tiktoken");
    }

    private TokenizerData readTokenizerJson(Path file) {
        JsonFields root = JsonFields.root(Json.readObject(file, MAX_JSON), file);
        added.addArray(root);
        config.addTo(added);
        var json = new TokenizerJson(root);
        Normalization normalization = json.normalization();
        PreTokenization preTokenization = json.preTokenization();
        PreTokenization other = config.preTokenization();
        if (other != null && other != preTokenization) {
            throw root.bad("pre_tokenizer", "is not the pretokenize_regex of tokenizer_config.json");
        }
        Vocabulary vocabulary = json.vocabulary(added);
        VocabularyIndex index = index(vocabulary, file);
        return finish(vocabulary, index, json.merges(index), file, normalization, preTokenization);
    }

    private TokenizerData readVocabJson(Path file) {
        config.addTo(added);
        var reader = new VocabularyReader(file, "");
        Vocabulary vocabulary = reader.vocabulary(Json.readObject(file, MAX_JSON), added);
        VocabularyIndex index = index(vocabulary, file);
        Path mergesFile = Folders.companion(folder, "merges.txt");
        String text = FolderConfig.text(mergesFile, MAX_MERGE_BYTES);
        Merges merges = new VocabularyReader(mergesFile, "").merges(text, index);
        return finish(vocabulary, index, merges, mergesFile, Normalization.NFC, preTokenization());
    }

    private TokenizerData readRanks(Path file) {
        Vocabulary vocabulary = RankFile.vocabulary(Json.readBytes(file, MAX_RANK_BYTES), file);
        config.addTo(added);
        if (added.isEmpty()) {
            QwenV1Specials.addTo(added, vocabulary.size(), folder);
        }
        VocabularyIndex index = index(vocabulary, file);
        Merges merges = RankFile.merges(vocabulary, index, file);
        return finish(vocabulary, index, merges, file, Normalization.NFC, preTokenization());
    }

    /** Layouts without a pre-tokenizer of their own are Qwen2's unless tokenizer_config.json names another. */
    private PreTokenization preTokenization() {
        @Nullable PreTokenization named = config.preTokenization();
        return named == null ? PreTokenization.QWEN2 : named;
    }

    private TokenizerData finish(
            Vocabulary vocabulary,
            VocabularyIndex index,
            Merges merges,
            Path file,
            Normalization normalization,
            PreTokenization preTokenization) {
        var data = new TokenizerData(vocabulary, merges, added.tokens(), normalization, preTokenization, config.read());
        TokenizerChecks.structure(data, file);
        TokenizerChecks.unique(data, index, file);
        return data;
    }

    private static VocabularyIndex index(Vocabulary vocabulary, Path file) {
        TokenizerChecks.vocabulary(vocabulary, file);
        var index = new VocabularyIndex(vocabulary, file);
        TokenizerChecks.unique(vocabulary, index, file);
        return index;
    }
}
