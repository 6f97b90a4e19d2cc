package ingot.tests.hostile;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Tokenizers made by somebody who knows the hashes: many keys that want one place of a table. */
final class Collisions {
    private static final int FNV_START = 0x811c9dc5;
    private static final int FNV_PRIME = 0x01000193;
    private static final long GOLDEN = 0x9e3779b97f4a7c15L;

    private Collisions() {}

    /** 2^{@code pairs} texts with one FNV-1a hash: any choice of one block out of each pair. */
    static List<String> texts(int pairs) {
        List<String> texts = List.of("");
        int state = FNV_START;
        for (int i = 0; i < pairs; i++) {
            String[] blocks = pair(state);
            state = hash(state, blocks[0]);
            List<String> longer = new ArrayList<>();
            for (String text : texts) {
                longer.add(text + blocks[0]);
                longer.add(text + blocks[1]);
            }
            texts = longer;
        }
        return texts;
    }

    /** Two blocks of eight letters that take a state to the same state. */
    private static String[] pair(int state) {
        Map<Integer, String> seen = new HashMap<>();
        Random random = new Random(state);
        while (true) {
            StringBuilder letters = new StringBuilder();
            for (int i = 0; i < 8; i++) {
                letters.append((char) ('a' + random.nextInt(26)));
            }
            String block = letters.toString();
            String twin = seen.put(hash(state, block), block);
            if (twin != null && !twin.equals(block)) {
                return new String[] {twin, block};
            }
        }
    }

    private static int hash(int state, String text) {
        int hash = state;
        for (byte b : text.getBytes(StandardCharsets.US_ASCII)) {
            hash = (hash ^ b) * FNV_PRIME;
        }
        return hash;
    }

    /** 400 merges of two letters with two letters that all want the first slot of 1024. */
    static void merges(ObjectNode tokenizer) {
        ObjectNode model = (ObjectNode) tokenizer.path("model");
        ObjectNode vocab = (ObjectNode) model.path("vocab");
        List<String> parts = new ArrayList<>();
        int first = vocab.size();
        for (int i = 0; i < 26 * 26; i++) {
            parts.add("" + (char) ('a' + i / 26) + (char) ('A' + i % 26));
            vocab.put(parts.getLast(), first + i);
        }
        ArrayNode merges = model.putArray("merges");
        for (int pair = 0; merges.size() < 400; pair++) {
            long left = pair / parts.size();
            int right = pair % parts.size();
            long key = first + left << 21 | first + right;
            if (key * GOLDEN >>> 54 == 0) {
                String a = parts.get((int) left);
                String b = parts.get(right);
                vocab.put(a + b, vocab.size());
                merges.addArray().add(a).add(b);
            }
        }
        renumber(tokenizer, vocab.size());
    }

    /** 80 added tokens of 250 letters whose edges crowd the first hundredth of their table. */
    static void addedTokens(ObjectNode tokenizer) {
        ArrayNode added = tokenizer.putArray("added_tokens");
        int nodes = 1 + 80 * 250;
        int slots = Integer.highestOneBit(nodes) * 4;
        int used = 1;
        for (int t = 0; t < 80; t++) {
            StringBuilder text = new StringBuilder().append((char) ('!' + t));
            for (int node = used++; text.length() < 250; node = used++) {
                text.append(nearest(node, slots));
            }
            added.addObject().put("id", 257 + t).put("content", text.toString()).put("special", true);
        }
    }

    private static char nearest(int node, int slots) {
        char best = '!';
        for (char c = '!'; c <= '~'; c++) {
            best = slot(node, c, slots) < slot(node, best, slots) ? c : best;
        }
        return best;
    }

    private static int slot(int node, char c, int slots) {
        return (int) (((long) node << 8 | c) * GOLDEN >>> 32) & (slots - 1);
    }

    /** The added token of the tiny model goes behind a longer vocabulary. */
    private static void renumber(ObjectNode tokenizer, int id) {
        ((ObjectNode) tokenizer.path("added_tokens").path(0)).put("id", id);
    }

    /** {@code count} added tokens of {@code length} letters each. */
    static void many(ObjectNode tokenizer, int count, int length) {
        ArrayNode added = tokenizer.putArray("added_tokens");
        for (int i = 0; i < count; i++) {
            String number = "<" + i + ">";
            added.addObject()
                    .put("id", 257 + i)
                    .put("content", number + "x".repeat(length - number.length()))
                    .put("special", true);
        }
    }

    /** Tokens that collide, behind those that are there. */
    static void vocabulary(ObjectNode tokenizer, int pairs) {
        ObjectNode vocab = (ObjectNode) tokenizer.path("model").path("vocab");
        texts(pairs).forEach(text -> vocab.put(text, vocab.size()));
        renumber(tokenizer, vocab.size());
    }
}
