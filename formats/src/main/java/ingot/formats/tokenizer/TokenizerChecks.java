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
     * Every token is unique and 1 to {@link TokenizerData#MAX_TOKEN_BYTES} bytes long, and every single byte is one,
     * so that any text can be encoded and decoded without loss.
     */
    static void check(Vocabulary vocabulary, VocabularyIndex index, Path file) {
        for (int id = 0; id < vocabulary.size(); id++) {
            int length = vocabulary.length(id);
            if (length < 1 || length > TokenizerData.MAX_TOKEN_BYTES) {
                throw IngotException.BadData.in(
                        file,
                        "token id " + id + " is " + length + " bytes long; expected 1 to "
                                + TokenizerData.MAX_TOKEN_BYTES);
            }
        }
        int twice = index.duplicate();
        if (twice != VocabularyIndex.NONE) {
            byte[] token = vocabulary.token(twice);
            throw IngotException.BadData.in(
                    file,
                    "token " + Text.quote(ByteLevel.encode(token)) + " has the ids " + index.find(token) + " and "
                            + twice);
        }
        for (int b = 0; b < 256; b++) {
            if (index.find(new byte[] {(byte) b}) == VocabularyIndex.NONE) {
                throw IngotException.BadData.in(
                        file,
                        String.format("byte 0x%02x is no token", b)
                                + "; a byte-level vocabulary has all 256, else text is lost");
            }
        }
    }

    /** Every merge makes the token that its parts spell, and no pair merges twice. */
    static void check(Merges merges, Vocabulary vocabulary, Path file) {
        long[] pairs = new long[merges.size()];
        for (int rank = 0; rank < pairs.length; rank++) {
            int left = merges.left(rank);
            int right = merges.right(rank);
            int result = merges.result(rank);
            if (!vocabulary.isConcatenation(left, right, result)) {
                throw IngotException.BadData.in(
                        file,
                        "merge " + rank + ": token " + result + " is not token " + left + " followed by token "
                                + right);
            }
            pairs[rank] = (long) left << 32 | right;
        }
        Arrays.sort(pairs);
        for (int i = 1; i < pairs.length; i++) {
            if (pairs[i] == pairs[i - 1]) {
                throw IngotException.BadData.in(
                        file, "tokens " + (pairs[i] >> 32) + " and " + (int) pairs[i] + " are merged twice");
            }
        }
    }

    /** An added token inside the vocabulary is the token there, and one outside does not repeat a token. */
    static void check(AddedToken token, Vocabulary vocabulary, VocabularyIndex index, Path file) {
        byte[] bytes = token.content().getBytes(StandardCharsets.UTF_8);
        int base = index.find(bytes);
        if (token.id() < vocabulary.size() && base != token.id()) {
            throw IngotException.BadData.in(
                    file,
                    "added token " + Text.quote(token.content()) + " has id " + token.id() + ", which is "
                            + Text.quote(ByteLevel.encode(vocabulary.token(token.id()))) + " in the vocabulary");
        }
        if (base != VocabularyIndex.NONE && base != token.id()) {
            throw IngotException.BadData.in(
                    file,
                    "added token " + Text.quote(token.content()) + " has id " + token.id() + " but is token " + base
                            + " of the vocabulary");
        }
    }

    /** What remains to be checked once the vocabulary has been. */
    static void checkRest(TokenizerData data, VocabularyIndex index, Path file) {
        check(data.merges(), data.vocabulary(), file);
        for (AddedToken token : data.addedTokens()) {
            check(token, data.vocabulary(), index, file);
        }
    }
}
