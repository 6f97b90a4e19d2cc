package ingot.formats.tokenizer;

import ingot.formats.IngotException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/**
 * A byte-level byte-pair tokenizer in canonical form: whichever of the published layouts it came from, the same
 * tokenizer gives an equal record.
 *
 * @param vocabulary tokens 0 to n-1 as bytes; all 256 single bytes are among them
 * @param merges in rank order; for a tiktoken vocabulary derived from the ranks
 * @param addedTokens in id order; usually behind the vocabulary, never contradicting it
 * @param normalization done to text first
 * @param preTokenization how text is cut into pieces
 * @param config roles, chat templates, the original configuration
 */
public record TokenizerData(
        Vocabulary vocabulary,
        Merges merges,
        List<AddedToken> addedTokens,
        Normalization normalization,
        PreTokenization preTokenization,
        TokenizerConfig config) {
    /** Most tokens and most merges accepted; the largest published Qwen vocabulary has 248,044. */
    public static final int MAX_TOKENS = 1 << 19;
    /** Longest token accepted, in bytes; the longest of the Qwen vocabulary has 128. */
    public static final int MAX_TOKEN_BYTES = 1024;
    /** Largest id of an added token: no embedding has that many rows. */
    public static final int MAX_ADDED_ID = (1 << 24) - 1;
    /** Most added tokens accepted; published models have at most a few hundred. */
    public static final int MAX_ADDED_TOKENS = 1 << 14;
    /** Longest text of an added token, in characters; it bounds the work on text that is almost one. */
    public static final int MAX_ADDED_CHARS = 256;
    /** Characters of all added tokens together: each takes some 40 bytes of memory. */
    public static final int MAX_ADDED_TEXT = 1 << 20;

    public TokenizerData {
        addedTokens = List.copyOf(addedTokens);
    }

    /** One more than the largest id that stands for something: the embedding needs at least that many rows. */
    public int vocabularySize() {
        return addedTokens.isEmpty()
                ? vocabulary.size()
                : Math.max(vocabulary.size(), addedTokens.getLast().id() + 1);
    }

    /**
     * Refuses a model whose embedding lacks a row for one of the ids.
     *
     * @param rows of the embedding: {@code vocab_size}
     * @param origin named in errors
     * @throws IngotException.ConfigMismatch when an id is not below {@code rows}
     */
    public void requireRows(int rows, Path origin) {
        if (vocabularySize() > rows) {
            throw IngotException.ConfigMismatch.in(
                    origin,
                    "'vocab_size': " + rows + ", but the tokenizer has ids up to " + (vocabularySize() - 1)
                            + "; the tokenizer belongs to another model");
        }
    }

    /** The binary form of {@link TokenizerCodec}. */
    public byte[] encode() {
        return TokenizerCodec.encode(this);
    }

    /**
     * Reads the binary form of {@link TokenizerCodec} from position to limit.
     *
     * @param origin named in errors
     * @throws IngotException.BadData if the bytes break the format or contradict themselves
     */
    public static TokenizerData decode(ByteBuffer blob, Path origin) {
        return TokenizerCodec.decode(blob, origin);
    }
}
