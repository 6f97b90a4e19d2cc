package ingot.formats.gguf;

import ingot.formats.IngotException;
import ingot.formats.Text;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.AbstractList;
import java.util.Objects;
import java.util.RandomAccess;

/** Strings back to back as UTF-8, decoded when asked for. */
final class PackedStrings extends AbstractList<String> implements RandomAccess {
    private final byte[] bytes;
    private final int[] ends;
    private final String where;
    private final Path file;

    /**
     * Takes the arrays over.
     *
     * @param ends end of every string in {@code bytes}; each starts where the one before ends
     * @param where the key, for messages
     */
    PackedStrings(byte[] bytes, int[] ends, String where, Path file) {
        this.bytes = bytes;
        this.ends = ends;
        this.where = where;
        this.file = file;
    }

    /** @throws IngotException.BadData when the bytes are not UTF-8 */
    @Override
    public String get(int i) {
        Objects.checkIndex(i, ends.length);
        int start = i == 0 ? 0 : ends[i - 1];
        return utf8(ByteBuffer.wrap(bytes, start, ends[i] - start), file, where + "[" + i + "]");
    }

    @Override
    public int size() {
        return ends.length;
    }

    static String utf8(ByteBuffer bytes, Path file, String where) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            throw new IngotException.BadData(Text.path(file) + ": " + where + ": not valid UTF-8", e);
        }
    }
}
