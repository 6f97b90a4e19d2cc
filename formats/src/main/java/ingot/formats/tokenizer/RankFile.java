package ingot.formats.tokenizer;

import ingot.formats.IngotException;
import ingot.formats.Text;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;

/**
 * A tiktoken rank file ({@code qwen.tiktoken}): lines {@code base64(token) rank}, the ranks 0 to n-1 each once. The
 * rank is the token's id and, for tokens of more than one byte, its priority as a merge.
 */
final class RankFile {
    private static final Path RANKS = Path.of("qwen.tiktoken");

    /** Twice the longest of Qwen, in bytes: deriving a merge takes the square of its length. */
    private static final int MAX_TOKEN_BYTES = 256;

    private RankFile() {}

    /** The tokens in rank order; lines may come in any order, empty lines are skipped as in tiktoken's loader. */
    static Vocabulary vocabulary(byte[] content, Path file) {
        int n = 0;
        for (int from = 0, to; from < content.length; from = to + 1) {
            to = lineEnd(content, from);
            n += to > from ? 1 : 0;
        }
        if (n > TokenizerData.MAX_TOKENS) {
            throw IngotException.BadData.in(file, n + " tokens; at most " + TokenizerData.MAX_TOKENS + " are accepted");
        }
        byte[][] tokens = new byte[n][];
        // One line at a time: four million short ones would be many times the file.
        int number = 1;
        for (int from = 0, to; from < content.length; from = to + 1, number++) {
            to = lineEnd(content, from);
            if (to > from) {
                String line = new String(content, from, to - from, StandardCharsets.ISO_8859_1);
                readLine(line, "line " + number, tokens, file);
            }
        }
        return Vocabulary.of(List.of(tokens));
    }

    private static int lineEnd(byte[] content, int from) {
        int to = from;
        while (to < content.length && content[to] != '\n') {
            to++;
        }
        return to;
    }

    private static void readLine(String line, String where, byte[][] tokens, Path file) {
        int space = line.indexOf(' ');
        String rank = space < 0 ? "" : line.substring(space + 1);
        if (space <= 0 || !rank.matches("[0-9]{1,10}")) {
            throw IngotException.BadData.in(
                    file, where + ": expected a base64 token, a space and its rank, found " + Text.quote(line));
        }
        long id = Long.parseLong(rank);
        if (id >= tokens.length) {
            throw IngotException.BadData.in(
                    file,
                    where + ": rank " + id + "; the ranks of " + tokens.length + " tokens must be 0 to "
                            + (tokens.length - 1) + " without holes");
        }
        if (tokens[(int) id] != null) {
            throw IngotException.BadData.in(file, where + ": rank " + id + " is used twice");
        }
        tokens[(int) id] = decode(line.substring(0, space), where, file);
    }

    private static byte[] decode(String base64, String where, Path file) {
        try {
            byte[] token = Base64.getDecoder().decode(base64);
            // The decoder forgives missing padding and stray low bits; the format does not.
            if (Base64.getEncoder().encodeToString(token).equals(base64)) {
                return token;
            }
        } catch (IllegalArgumentException e) {
            // Falls through to the one message for everything that is not base64.
        }
        throw IngotException.BadData.in(file, where + ": " + Text.quote(base64) + " is not base64");
    }

    /**
     * The merges behind the ranks: each token of more than one byte is itself split into bytes and merged with the
     * tokens of lower rank only; exactly two parts remain, and they are its merge. O(length²) per token, and tokens
     * are at most {@value #MAX_TOKEN_BYTES} bytes long.
     *
     * @throws IngotException.BadData if something else than two parts remains, or a token is longer
     */
    static Merges merges(Vocabulary vocabulary, VocabularyIndex index, Path file) {
        int capacity = 0;
        for (int id = 0; id < vocabulary.size(); id++) {
            capacity += vocabulary.length(id) > 1 ? 1 : 0;
        }
        int[] left = new int[capacity];
        int[] right = new int[capacity];
        int[] result = new int[capacity];
        var splitter = new Splitter(vocabulary, index);
        int rank = 0;
        for (int id = 0; id < vocabulary.size(); id++) {
            if (vocabulary.length(id) > MAX_TOKEN_BYTES) {
                throw IngotException.BadData.in(
                        file,
                        "token of rank " + id + " has " + vocabulary.length(id) + " bytes; at most " + MAX_TOKEN_BYTES
                                + " are accepted");
            }
            if (vocabulary.length(id) > 1) {
                int middle = splitter.middle(id);
                if (middle < 0) {
                    throw IngotException.BadData.in(
                            file,
                            "token of rank " + id + " " + Text.quote(ByteLevel.encode(vocabulary.token(id)))
                                    + " is not a merge of two tokens of lower rank");
                }
                int from = vocabulary.start(id);
                left[rank] = index.find(vocabulary.bytes(), from, from + middle);
                right[rank] = index.find(vocabulary.bytes(), from + middle, from + vocabulary.length(id));
                result[rank] = id;
                rank++;
            }
        }
        return new Merges(left, right, result);
    }

    /** The lines of the file, as published: in rank order, each ended by a newline. */
    static byte[] write(Vocabulary vocabulary) {
        var out = new StringBuilder(vocabulary.totalBytes() * 2 + vocabulary.size() * 8);
        for (int id = 0; id < vocabulary.size(); id++) {
            out.append(Base64.getEncoder().encodeToString(vocabulary.token(id)))
                    .append(' ')
                    .append(id)
                    .append('\n');
        }
        return out.toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Byte-pair encoding of one token with the tokens of lower rank. */
    private static final class Splitter {
        private static final int NO_MERGE = Integer.MAX_VALUE;

        private final Vocabulary vocabulary;
        private final VocabularyIndex index;
        /** Part i is the token's bytes {@code cut[i] .. cut[i + 1]}. */
        private final int[] cut = new int[MAX_TOKEN_BYTES + 1];
        /** Rank of part i joined with part i + 1. */
        private final int[] joined = new int[MAX_TOKEN_BYTES];

        Splitter(Vocabulary vocabulary, VocabularyIndex index) {
            this.vocabulary = vocabulary;
            this.index = index;
        }

        /** Where the two last parts of the token meet, or -1 if not two remain or one of them is no token. */
        int middle(int id) {
            int parts = vocabulary.length(id);
            for (int i = 0; i <= parts; i++) {
                cut[i] = i;
            }
            for (int i = 0; i + 1 < parts; i++) {
                joined[i] = rank(id, i);
            }
            while (parts > 2) {
                int best = 0;
                for (int i = 1; i + 1 < parts; i++) {
                    best = joined[i] < joined[best] ? i : best;
                }
                if (joined[best] == NO_MERGE) {
                    return -1;
                }
                System.arraycopy(cut, best + 2, cut, best + 1, parts - best - 1);
                System.arraycopy(joined, best + 1, joined, best, parts - best - 2);
                parts--;
                if (best + 1 < parts) {
                    joined[best] = rank(id, best);
                }
                if (best > 0) {
                    joined[best - 1] = rank(id, best - 1);
                }
            }
            // Two parts that would merge at a lower rank mean that the token occurs twice: refused before.
            return cut[1];
        }

        private int rank(int id, int part) {
            int from = vocabulary.start(id);
            int found = index.find(vocabulary.bytes(), from + cut[part], from + cut[part + 2]);
            return found == VocabularyIndex.NONE || found >= id ? NO_MERGE : found;
        }
    }

    /** Whether writing ranks loses nothing: deriving the merges from them gives exactly {@code merges}. */
    static boolean isFaithful(Vocabulary vocabulary, Merges merges) {
        try {
            Merges derived = merges(vocabulary, new VocabularyIndex(vocabulary, RANKS), RANKS);
            return derived.equals(merges);
        } catch (IngotException.BadData e) {
            return false;
        }
    }
}
