package ingot.formats.tokenizer;

import java.util.Arrays;
import java.util.List;

/** The byte strings of tokens 0 to size-1, back to back in one array. Immutable. */
public final class Vocabulary {
    private final byte[] bytes;
    /** Token {@code id} is {@code bytes[starts[id]] .. bytes[starts[id + 1]]}. */
    private final int[] starts;

    /** Takes both arrays over; the caller has checked them. */
    Vocabulary(byte[] bytes, int[] starts) {
        this.bytes = bytes;
        this.starts = starts;
    }

    /** The tokens in id order, copied. */
    public static Vocabulary of(List<byte[]> tokens) {
        int[] starts = new int[tokens.size() + 1];
        for (int i = 0; i < tokens.size(); i++) {
            starts[i + 1] = Math.addExact(starts[i], tokens.get(i).length);
        }
        byte[] bytes = new byte[starts[tokens.size()]];
        for (int i = 0; i < tokens.size(); i++) {
            System.arraycopy(tokens.get(i), 0, bytes, starts[i], starts[i + 1] - starts[i]);
        }
        return new Vocabulary(bytes, starts);
    }

    /** Number of tokens. */
    public int size() {
        return starts.length - 1;
    }

    /** Bytes of all tokens together. */
    public int totalBytes() {
        return bytes.length;
    }

    /** Length of a token in bytes, at least 1. */
    public int length(int id) {
        return starts[id + 1] - starts[id];
    }

    /** Byte {@code i} of a token. */
    public byte byteAt(int id, int i) {
        return bytes[starts[id] + i];
    }

    /** A copy of a token's bytes. */
    public byte[] token(int id) {
        return Arrays.copyOfRange(bytes, starts[id], starts[id + 1]);
    }

    /** Copies a token's bytes to {@code target[at..]} and returns how many they are. */
    public int copyTo(int id, byte[] target, int at) {
        System.arraycopy(bytes, starts[id], target, at, length(id));
        return length(id);
    }

    /** Whether {@code result} is {@code left} followed by {@code right}. */
    boolean isConcatenation(int left, int right, int result) {
        int middle = starts[result] + length(left);
        return length(result) == length(left) + length(right)
                && Arrays.equals(bytes, starts[left], starts[left + 1], bytes, starts[result], middle)
                && Arrays.equals(bytes, starts[right], starts[right + 1], bytes, middle, starts[result + 1]);
    }

    byte[] bytes() {
        return bytes;
    }

    int start(int id) {
        return starts[id];
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Vocabulary v && Arrays.equals(starts, v.starts) && Arrays.equals(bytes, v.bytes);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(starts) + Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
        return "Vocabulary[" + size() + " tokens, " + totalBytes() + " bytes]";
    }
}
