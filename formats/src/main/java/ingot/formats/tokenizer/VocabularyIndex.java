package ingot.formats.tokenizer;

import ingot.formats.IngotException;
import ingot.formats.Text;
import java.nio.file.Path;
import java.util.Arrays;

/** From the bytes of a token to its id: open addressing over the ids, at most half full. */
final class VocabularyIndex {
    /** What is returned for bytes that are no token. */
    static final int NONE = -1;

    private final Vocabulary vocabulary;
    private final Path file;
    private final int[] slots;
    private int duplicate = NONE;

    /** @throws IngotException.BadData for tokens that are made to collide */
    VocabularyIndex(Vocabulary vocabulary, Path file) {
        this.vocabulary = vocabulary;
        this.file = file;
        this.slots = new int[Math.max(2, Integer.highestOneBit(Math.max(1, vocabulary.size())) * 4)];
        Arrays.fill(slots, NONE);
        byte[] bytes = vocabulary.bytes();
        for (int id = 0; id < vocabulary.size(); id++) {
            int from = vocabulary.start(id);
            int slot = slot(bytes, from, from + vocabulary.length(id));
            if (slots[slot] == NONE) {
                slots[slot] = id;
            } else if (duplicate == NONE) {
                duplicate = id;
            }
        }
    }

    /** The first id whose bytes an earlier id has too, or {@link #NONE}. */
    int duplicate() {
        return duplicate;
    }

    /** The id of {@code source[from..to)}, or {@link #NONE}. */
    int find(byte[] source, int from, int to) {
        return slots[slot(source, from, to)];
    }

    int find(byte[] token) {
        return find(token, 0, token.length);
    }

    /** The slot that holds these bytes, or the free one where they would go. */
    private int slot(byte[] source, int from, int to) {
        int hash = 0x811c9dc5;
        for (int i = from; i < to; i++) {
            hash = (hash ^ (source[i] & 0xff)) * 0x01000193;
        }
        int slot = (hash ^ (hash >>> 15)) & (slots.length - 1);
        for (int run = 0; slots[slot] != NONE && !same(slots[slot], source, from, to); run++) {
            if (run == OpenTable.MAX_RUN) {
                throw OpenTable.crowded(Text.path(file) + ": vocabulary");
            }
            slot = (slot + 1) & (slots.length - 1);
        }
        return slot;
    }

    private boolean same(int id, byte[] source, int from, int to) {
        int start = vocabulary.start(id);
        return Arrays.equals(vocabulary.bytes(), start, start + vocabulary.length(id), source, from, to);
    }
}
