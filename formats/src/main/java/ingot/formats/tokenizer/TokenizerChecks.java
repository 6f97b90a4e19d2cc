package ingot.formats.tokenizer;

import ingot.formats.IngotException;
import ingot.formats.Text;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/** What must hold of a tokenizer whatever it was read from. */
final class TokenizerChecks {
    private TokenizerChecks() {}

    /**
     * Every token is 1 to {@link TokenizerData#MAX_TOKEN_BYTES} bytes long, and every single byte is one, so that any
     * text can be encoded without loss.
     */
    static void vocabulary(Vocabulary vocabulary, Path file) {
        boolean[] present = new boolean[256];
        for (int id = 0; id < vocabulary.size(); id++) {
            int length = vocabulary.length(id);
            if (length < 1 || length > TokenizerData.MAX_TOKEN_BYTES) {
                throw IngotException.BadData.in(
                        file,
                        "token id " + id + " is " + length + " bytes long; expected 1 to "
                                + TokenizerData.MAX_TOKEN_BYTES);
            }
            if (length == 1) {
                present[vocabulary.byteAt(id, 0) & 0xff] = true;
            }
        }
        for (int b = 0; b < 256; b++) {
            if (!present[b]) {
                throw IngotException.BadData.in(
                        file,
                        String.format("byte 0x%02x is no token", b)
                                + "; a byte-level vocabulary has all 256, else text is lost");
            }
        }
    }

    /** No two tokens have the same bytes. */
    static void unique(Vocabulary vocabulary, VocabularyIndex index, Path file) {
        int twice = index.duplicate();
        if (twice != VocabularyIndex.NONE) {
            byte[] token = vocabulary.token(twice);
            throw IngotException.BadData.in(
                    file,
                    "token " + Text.quote(ByteLevel.encode(token)) + " has the ids " + index.find(token) + " and "
                            + twice);
        }
    }

    /** Every merge makes the token that its parts spell; an added token inside the vocabulary is the token there. */
    static void structure(TokenizerData data, Path file) {
        Vocabulary vocabulary = data.vocabulary();
        Merges merges = data.merges();
        if (merges.size() > TokenizerData.MAX_TOKENS) {
            throw IngotException.BadData.in(
                    file, merges.size() + " merges; at most " + TokenizerData.MAX_TOKENS + " are accepted");
        }
        for (int rank = 0; rank < merges.size(); rank++) {
            if (!vocabulary.isConcatenation(merges.left(rank), merges.right(rank), merges.result(rank))) {
                throw IngotException.BadData.in(
                        file,
                        "merge " + rank + ": token " + merges.result(rank) + " is not token " + merges.left(rank)
                                + " followed by token " + merges.right(rank));
            }
        }
        for (AddedToken token : data.addedTokens()) {
            if (token.id() < vocabulary.size()
                    && !Arrays.equals(
                            vocabulary.token(token.id()), token.content().getBytes(StandardCharsets.UTF_8))) {
                throw IngotException.BadData.in(
                        file,
                        "added token " + Text.quote(token.content()) + " has id " + token.id() + ", which is "
                                + Text.quote(ByteLevel.encode(vocabulary.token(token.id()))) + " in the vocabulary");
            }
        }
    }

    /** No pair merges twice; an added token behind the vocabulary does not repeat one of its tokens. */
    static void unique(TokenizerData data, VocabularyIndex index, Path file) {
        Merges merges = data.merges();
        long[] pairs = new long[merges.size()];
        for (int rank = 0; rank < pairs.length; rank++) {
            pairs[rank] = (long) merges.left(rank) << 32 | merges.right(rank);
        }
        Arrays.sort(pairs);
        for (int i = 1; i < pairs.length; i++) {
            if (pairs[i] == pairs[i - 1]) {
                throw IngotException.BadData.in(
                        file, "tokens " + (pairs[i] >> 32) + " and " + (int) pairs[i] + " are merged twice");
            }
        }
        for (AddedToken token : data.addedTokens()) {
            int base = index.find(token.content().getBytes(StandardCharsets.UTF_8));
            if (base != VocabularyIndex.NONE && base != token.id()) {
                throw IngotException.BadData.in(
                        file,
                        "added token " + Text.quote(token.content()) + " has id " + token.id() + " but is token " + base
                                + " of the vocabulary");
            }
        }
    }
}
