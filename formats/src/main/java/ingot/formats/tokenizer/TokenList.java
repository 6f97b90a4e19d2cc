package ingot.formats.tokenizer;

import ingot.formats.IngotException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A tokenizer as one list of tokens in id order, with a kind for each, and the merges as text: what GGUF files hold.
 * Tokens behind the last normal one are no part of the byte-level vocabulary; unused ones there (rows of the embedding that
 * stand for nothing) are left out.
 *
 * @param tokens normal ones in the byte-level alphabet, the others as plain text
 * @param kinds one for each token
 * @param merges {@code "left right"} in the byte-level alphabet, in rank order
 */
public record TokenList(List<String> tokens, List<Kind> kinds, List<String> merges) {
    /** What a token is for. */
    public enum Kind {
        /** Of the byte-level vocabulary. */
        NORMAL,
        /** A control token, cut out of raw text. */
        CONTROL,
        /** Ordinary text that is one token, cut out of raw text. */
        ADDED,
        /** Stands for nothing. */
        UNUSED
    }

    /**
     * The list of a tokenizer for an embedding of {@code size} rows; ids that stand for nothing are unused tokens called
     * {@code [PADn]}, as llama.cpp's converter calls them.
     *
     * @param size at least {@link TokenizerData#vocabularySize}
     */
    public static TokenList of(TokenizerData data, int size) {
        List<String> tokens = new ArrayList<>(size);
        List<Kind> kinds = new ArrayList<>(size);
        for (int id = 0; id < size; id++) {
            boolean normal = id < data.vocabulary().size();
            tokens.add(normal ? text(data, id) : "[PAD" + id + "]");
            kinds.add(normal ? Kind.NORMAL : Kind.UNUSED);
        }
        for (AddedToken token : data.addedTokens()) {
            tokens.set(token.id(), token.content());
            kinds.set(token.id(), token.special() ? Kind.CONTROL : Kind.ADDED);
        }
        Merges merges = data.merges();
        List<String> pairs = new ArrayList<>(merges.size());
        for (int rank = 0; rank < merges.size(); rank++) {
            pairs.add(text(data, merges.left(rank)) + " " + text(data, merges.right(rank)));
        }
        return new TokenList(tokens, kinds, pairs);
    }

    private static String text(TokenizerData data, int id) {
        return ByteLevel.encode(data.vocabulary().token(id));
    }

    /**
     * Checks the lists and puts them into the canonical form.
     *
     * @param origin named in errors
     * @throws IngotException.BadData when they are no byte-level tokenizer
     */
    public TokenizerData read(PreTokenization preTokenization, TokenizerConfig config, Path origin) {
        if (tokens.size() > TokenizerData.MAX_TOKENS || merges.size() > TokenizerData.MAX_TOKENS) {
            throw IngotException.BadData.in(
                    origin,
                    tokens.size() + " tokens and " + merges.size() + " merges; at most " + TokenizerData.MAX_TOKENS
                            + " of each are accepted");
        }
        int size = tokens.size();
        while (size > 0 && kinds.get(size - 1) != Kind.NORMAL) {
            size--;
        }
        var added = new AddedTokenTable();
        List<byte[]> vocabulary = new ArrayList<>(size);
        for (int id = 0; id < tokens.size(); id++) {
            Kind kind = kinds.get(id);
            String text = tokens.get(id);
            if (kind == Kind.CONTROL || kind == Kind.ADDED) {
                var flags = new AddedToken.Flags(kind == Kind.CONTROL, false, false, false, false);
                added.put(new AddedToken(id, text, flags), origin, "token id " + id);
            }
            if (id < size) {
                vocabulary.add(
                        kind == Kind.NORMAL
                                ? ByteLevel.decode(text, origin, "token id " + id)
                                : text.getBytes(StandardCharsets.UTF_8));
            }
        }
        return finish(Vocabulary.of(vocabulary), added, preTokenization, config, origin);
    }

    private TokenizerData finish(
            Vocabulary vocabulary,
            AddedTokenTable added,
            PreTokenization preTokenization,
            TokenizerConfig config,
            Path origin) {
        TokenizerChecks.vocabulary(vocabulary, origin);
        var index = new VocabularyIndex(vocabulary, origin);
        TokenizerChecks.unique(vocabulary, index, origin);
        Merges joined = new VocabularyReader(origin, "merges").merges(merges, index);
        var data = new TokenizerData(vocabulary, joined, added.tokens(), Normalization.NFC, preTokenization, config);
        TokenizerChecks.structure(data, origin);
        TokenizerChecks.unique(data, index, origin);
        return data;
    }
}
