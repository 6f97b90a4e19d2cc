package ingot.formats.tokenizer;

import ingot.formats.IngotException;
import ingot.formats.Text;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The vocabulary and merges as JSON and merges.txt write them: byte-level text to id, pairs in rank order. */
final class VocabularyReader {
    private final Path file;
    private final String place;

    /** Reads from {@code file}; {@code place} is where in it the vocabulary stands, empty for the root. */
    VocabularyReader(Path file, String place) {
        this.file = file;
        this.place = place;
    }

    /**
     * Tokens in id order. The ids must be 0 to n-1, so nothing is ever allocated by the largest id. Added tokens that
     * some exporters repeat at the end of the vocabulary are left to the list of added tokens.
     */
    Vocabulary vocabulary(ObjectNode vocab, AddedTokenTable added) {
        int n = vocab.size();
        if (n > TokenizerData.MAX_TOKENS) {
            throw bad(n + " tokens; at most " + TokenizerData.MAX_TOKENS + " are accepted");
        }
        String[] byId = new String[n];
        for (Map.Entry<String, JsonNode> entry : vocab.properties()) {
            JsonNode value = entry.getValue();
            if (!value.isIntegralNumber()) {
                throw bad("token " + Text.quote(entry.getKey()) + ": expected an integer id");
            }
            if (!value.canConvertToInt() || value.intValue() < 0 || value.intValue() >= n) {
                throw bad("token " + Text.quote(entry.getKey()) + " has id " + Text.quote(value.asString())
                        + "; the ids of " + n + " tokens must be 0 to " + (n - 1) + " without holes");
            }
            int id = value.intValue();
            if (byId[id] != null) {
                throw bad("token id " + id + " stands for both " + Text.quote(byId[id]) + " and "
                        + Text.quote(entry.getKey()));
            }
            byId[id] = entry.getKey();
        }
        while (n > 0
                && added.get(n - 1) instanceof AddedToken token
                && token.content().equals(byId[n - 1])) {
            n--;
        }
        List<byte[]> tokens = new ArrayList<>(n);
        for (int id = 0; id < n; id++) {
            tokens.add(ByteLevel.decode(byId[id], file, place.isEmpty() ? "id " + id : place));
        }
        return Vocabulary.of(tokens);
    }

    /** The {@code merges} array: elements {@code "a b"} or {@code ["a", "b"]}. */
    Merges merges(JsonFields model, VocabularyIndex index) {
        var array = model.array("merges");
        var builder = new MergeBuilder(array.size(), index);
        int rank = 0;
        for (JsonNode element : array) {
            String where = place + "[" + rank++ + "]";
            if (element.isString()) {
                addText(builder, element.stringValue(), where);
            } else if (element.isArray() && element.size() == 2) {
                builder.add(
                        JsonFields.text(element.get(0), file, where),
                        JsonFields.text(element.get(1), file, where),
                        where);
            } else {
                throw IngotException.BadData.in(file, where + ": expected \"left right\" or [\"left\", \"right\"]");
            }
        }
        return builder.build();
    }

    /** A list of {@code left right} in rank order. */
    Merges merges(List<String> list, VocabularyIndex index) {
        var builder = new MergeBuilder(list.size(), index);
        for (int i = 0; i < list.size(); i++) {
            addText(builder, list.get(i), place + "[" + i + "]");
        }
        return builder.build();
    }

    /** The lines of merges.txt: an optional {@code #version} line, then {@code left right} in rank order. */
    Merges merges(String text, VocabularyIndex index) {
        int lines = text.isEmpty() || text.endsWith("\n") ? 0 : 1;
        lines += Math.toIntExact(text.chars().filter(c -> c == '\n').count());
        int first = text.startsWith("#version") ? 1 : 0;
        if (lines - first > TokenizerData.MAX_TOKENS) {
            throw bad((lines - first) + " merges; at most " + TokenizerData.MAX_TOKENS + " are accepted");
        }
        var builder = new MergeBuilder(lines - first, index);
        // One line at a time: all at once would be many times the file.
        for (int i = 0, from = 0, to; i < lines; i++, from = to + 1) {
            int end = text.indexOf('\n', from);
            to = end < 0 ? text.length() : end;
            if (i >= first) {
                addText(builder, text.substring(from, to), "line " + (i + 1));
            }
        }
        return builder.build();
    }

    private void addText(MergeBuilder builder, String merge, String where) {
        int space = merge.indexOf(' ');
        if (space <= 0 || space == merge.length() - 1 || merge.indexOf(' ', space + 1) >= 0) {
            throw IngotException.BadData.in(
                    file, where + ": expected two tokens with one space between, found " + Text.quote(merge));
        }
        builder.add(merge.substring(0, space), merge.substring(space + 1), where);
    }

    private IngotException.BadData bad(String reason) {
        return IngotException.BadData.in(file, place.isEmpty() ? reason : place + ": " + reason);
    }

    private final class MergeBuilder {
        private final VocabularyIndex index;
        private final int[] left;
        private final int[] right;
        private final int[] result;
        private int size;

        MergeBuilder(int capacity, VocabularyIndex index) {
            this.index = index;
            this.left = new int[capacity];
            this.right = new int[capacity];
            this.result = new int[capacity];
        }

        void add(String a, String b, String where) {
            left[size] = find(a, "part", where);
            right[size] = find(b, "part", where);
            result[size] = find(a + b, "result", where);
            size++;
        }

        private int find(String token, String role, String where) {
            int id = index.find(ByteLevel.decode(token, file, where));
            if (id == VocabularyIndex.NONE) {
                throw IngotException.BadData.in(
                        file, where + ": " + role + " " + Text.quote(token) + " of the merge is not in the vocabulary");
            }
            return id;
        }

        Merges build() {
            return new Merges(left, right, result);
        }
    }
}
