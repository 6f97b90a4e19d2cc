package ingot.runtime.tokenizer;

import ingot.formats.tokenizer.AddedToken;
import ingot.formats.tokenizer.OpenTable;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * Finds added tokens in UTF-8 text: leftmost, and of those that begin there the longest, by a trie over bytes. The
 * rules are those of AddedVocabulary::find_matches of the Hugging Face tokenizers. Immutable.
 */
final class AddedTokenMatcher {
    private static final int NONE = -1;

    private final List<AddedToken> tokens;
    private final boolean[] firstBytes = new boolean[256];
    /** Open addressing from {@code node << 8 | byte} to the child; nodes are numbered from 0, the root. */
    private final long[] edges;

    private final int[] children;
    /** Index in {@code tokens} of the token that ends at a node, or {@link #NONE}. */
    private final int[] accepts;

    private final int[] lengths;

    /** One pattern for each token, usually its content in UTF-8. */
    AddedTokenMatcher(List<AddedToken> tokens, List<String> patterns) {
        this.tokens = List.copyOf(tokens);
        this.lengths = new int[tokens.size()];
        int nodes = 1;
        for (String pattern : patterns) {
            nodes += pattern.getBytes(StandardCharsets.UTF_8).length;
        }
        this.edges = new long[Integer.highestOneBit(nodes) * 4];
        this.children = new int[edges.length];
        this.accepts = new int[nodes];
        Arrays.fill(edges, NONE);
        Arrays.fill(accepts, NONE);
        int used = 1;
        for (int i = 0; i < patterns.size(); i++) {
            byte[] bytes = patterns.get(i).getBytes(StandardCharsets.UTF_8);
            if (bytes.length == 0) {
                continue;
            }
            lengths[i] = bytes.length;
            firstBytes[bytes[0] & 0xff] = true;
            int node = 0;
            for (byte b : bytes) {
                int slot = slot(node, b);
                if (edges[slot] == NONE) {
                    edges[slot] = (long) node << 8 | b & 0xff;
                    children[slot] = used++;
                }
                node = children[slot];
            }
            accepts[node] = accepts[node] == NONE ? i : accepts[node];
        }
        OpenTable.require(edges.length, i -> edges[i] != NONE, "tokenizer: added tokens");
    }

    /** What a match says to do with the text around it. */
    interface Sink {
        /** Text between two matches, never empty. */
        void text(byte[] b, int from, int to);

        /** An added token. */
        void token(int id);
    }

    boolean isEmpty() {
        return tokens.isEmpty();
    }

    /** Cuts the slice at its added tokens, from left to right. */
    void split(Utf8Slice slice, Sink sink) {
        byte[] b = slice.bytes();
        int to = slice.to();
        int done = slice.from();
        int p = slice.from();
        while (p < to) {
            int found = firstBytes[b[p] & 0xff] ? longest(b, p, to) : NONE;
            if (found == NONE) {
                p++;
                continue;
            }
            AddedToken token = tokens.get(found);
            int start = p;
            int stop = p + lengths[found];
            // A match that is refused is still consumed: the reference does not look inside it again.
            p = stop;
            if (token.flags().singleWord() && (isWordBefore(b, slice.from(), start) || isWordAt(b, stop, to))) {
                continue;
            }
            if (token.flags().lstrip()) {
                start = Math.max(done, spaceBefore(b, slice.from(), start));
            }
            if (token.flags().rstrip()) {
                stop = spaceAfter(b, stop, to);
            }
            if (done < start) {
                sink.text(b, done, start);
            }
            sink.token(token.id());
            done = stop;
        }
        if (done < to) {
            sink.text(b, done, to);
        }
    }

    private int longest(byte[] b, int p, int to) {
        int best = NONE;
        int node = 0;
        for (int q = p; q < to; q++) {
            int slot = slot(node, b[q]);
            if (edges[slot] == NONE) {
                break;
            }
            node = children[slot];
            best = accepts[node] == NONE ? best : accepts[node];
        }
        return best;
    }

    private int slot(int node, byte b) {
        long key = (long) node << 8 | b & 0xff;
        int slot = (int) (key * 0x9e3779b97f4a7c15L >>> 32) & (edges.length - 1);
        for (int run = 0; edges[slot] != NONE && edges[slot] != key; run++) {
            if (run == OpenTable.MAX_RUN) {
                throw OpenTable.crowded("tokenizer: added tokens");
            }
            slot = (slot + 1) & (edges.length - 1);
        }
        return slot;
    }

    private static boolean isWordBefore(byte[] b, int from, int p) {
        return p > from && CharacterClasses.isWord(Utf8.codePoint(b, Utf8.before(b, p)));
    }

    private static boolean isWordAt(byte[] b, int p, int to) {
        return p < to && CharacterClasses.isWord(Utf8.codePoint(b, p));
    }

    private static int spaceBefore(byte[] b, int from, int p) {
        int start = p;
        while (start > from && CharacterClasses.isWhiteSpace(Utf8.codePoint(b, Utf8.before(b, start)))) {
            start = Utf8.before(b, start);
        }
        return start;
    }

    private static int spaceAfter(byte[] b, int p, int to) {
        int stop = p;
        while (stop < to && CharacterClasses.isWhiteSpace(Utf8.codePoint(b, stop))) {
            stop += Utf8.length(b[stop]);
        }
        return stop;
    }
}
