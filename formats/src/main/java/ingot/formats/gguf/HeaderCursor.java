package ingot.formats.gguf;

import ingot.formats.IngotException;
import ingot.formats.Numbers;
import ingot.formats.io.InputFile;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;

/** Reads a header forward through a small buffer; every length is compared with what is left of the file first. */
final class HeaderCursor {
    /** Longest string: chat templates of published models stay below 100 KB, a token below 1 KB. */
    private static final long MAX_STRING = 4 << 20;

    /** Most bytes of an array; published vocabularies and merges stay below 8 MB. */
    private static final long MAX_ARRAY = 16 << 20;

    private static final int BUFFER = 1 << 16;

    private final InputFile input;
    private final byte[] buffer = new byte[BUFFER];
    private final MemorySegment view = MemorySegment.ofArray(buffer);
    private long bufferStart;
    private int bufferLength;
    private int at;

    HeaderCursor(InputFile input) {
        this.input = input;
    }

    /** Position in the file. */
    long position() {
        return bufferStart + at;
    }

    long remaining() {
        return input.size() - position();
    }

    Path file() {
        return input.path();
    }

    IngotException.BadData bad(String reason) {
        return IngotException.BadData.at(file(), position(), reason);
    }

    int u8() {
        require(1);
        return buffer[at++] & 0xFF;
    }

    short i16() {
        require(Short.BYTES);
        at += Short.BYTES;
        return view.get(Numbers.LE_SHORT, at - Short.BYTES);
    }

    int i32() {
        require(Integer.BYTES);
        at += Integer.BYTES;
        return view.get(Numbers.LE_INT, at - Integer.BYTES);
    }

    long i64() {
        require(Long.BYTES);
        at += Long.BYTES;
        return view.get(Numbers.LE_LONG, at - Long.BYTES);
    }

    /**
     * A number of things that follow.
     *
     * @param least bytes that each of them has at least
     */
    int count(String what, int least, int max) {
        long n = i64();
        if (n < 0 || n > max) {
            throw bad(Long.toUnsignedString(n) + " " + what + "; at most " + max + " are accepted");
        }
        if (n > remaining() / least) {
            throw bad(n + " " + what + " do not fit the " + remaining() + " bytes left of the file");
        }
        return (int) n;
    }

    /** A string that is not empty where {@code least} is 1. */
    String string(String what, int least, int max) {
        long at = position();
        int n = length(what, least, max);
        byte[] bytes = new byte[n];
        bytes(bytes);
        return PackedStrings.utf8(ByteBuffer.wrap(bytes), file(), "@" + at + ": " + what);
    }

    String string(String what) {
        return string(what, 0, (int) MAX_STRING);
    }

    /** The elements of a string array. */
    PackedStrings strings(int count, String key) {
        int[] ends = new int[count];
        byte[] all = new byte[Math.max(16, 8 * count)];
        int size = 0;
        for (int i = 0; i < count; i++) {
            int n = length(key, 0, (int) MAX_STRING);
            if (n > MAX_ARRAY - size) {
                throw bad(key + ": more than " + MAX_ARRAY + " bytes of strings");
            }
            if (n > all.length - size) {
                all = Arrays.copyOf(all, (int) Math.min(MAX_ARRAY, Math.max(2L * all.length, (long) size + n)));
            }
            bytes(all, size, n);
            size += n;
            ends[i] = size;
        }
        return new PackedStrings(Arrays.copyOf(all, size), ends, key, file());
    }

    /** The bytes of a number array. */
    byte[] numbers(int count, int width, String key) {
        long n = (long) count * width;
        if (n > MAX_ARRAY) {
            throw bad(key + ": an array of " + n + " bytes; at most " + MAX_ARRAY + " are accepted");
        }
        byte[] bytes = new byte[(int) n];
        bytes(bytes);
        return bytes;
    }

    private int length(String what, int least, int max) {
        long n = i64();
        if (n < least || n > max) {
            throw bad(what + ": a string of " + Long.toUnsignedString(n) + " bytes; expected " + least + " to " + max);
        }
        if (n > remaining()) {
            throw bad(what + ": a string of " + n + " bytes, but " + remaining() + " are left of the file");
        }
        return (int) n;
    }

    private void bytes(byte[] out) {
        bytes(out, 0, out.length);
    }

    private void bytes(byte[] out, int from, int n) {
        if (n > remaining()) {
            throw bad("the file ends here, inside its header; " + n + " bytes were to follow");
        }
        int buffered = Math.min(n, bufferLength - at);
        System.arraycopy(buffer, at, out, from, buffered);
        at += buffered;
        if (buffered < n) {
            input.read(position(), ByteBuffer.wrap(out, from + buffered, n - buffered));
            bufferStart = position() + n - buffered;
            bufferLength = 0;
            at = 0;
        }
    }

    private void require(int n) {
        if (bufferLength - at >= n) {
            return;
        }
        if (n > remaining()) {
            throw bad("the file ends here, inside its header");
        }
        bufferStart = position();
        at = 0;
        bufferLength = (int) Math.min(BUFFER, input.size() - bufferStart);
        input.read(bufferStart, ByteBuffer.wrap(buffer, 0, bufferLength));
    }
}
