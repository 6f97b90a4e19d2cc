package ingot.formats.torch;

import ingot.formats.IngotException;
import ingot.formats.io.InputFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The bytes of a pickle, read through a small buffer and never past its end. */
final class PickleInput {
    /** A pickle takes about 150 bytes for a tensor: room for 200,000 of them in one file. */
    static final long MAX_BYTES = 32 << 20;

    private static final int BUFFER = 1 << 16;

    private final InputFile file;
    private final long start;
    private final long end;
    private final ByteBuffer buffer =
            ByteBuffer.allocate(BUFFER).order(ByteOrder.LITTLE_ENDIAN).limit(0);
    /** Where in the file the buffer's limit is. */
    private long loaded;

    /**
     * @param start of the pickle in {@code file}
     * @param end of what may be read, at most the end of the file
     */
    PickleInput(InputFile file, long start, long end) {
        this.file = file;
        this.start = start;
        this.end = end;
        this.loaded = start;
    }

    Path path() {
        return file.path();
    }

    /** Where in the file the next byte is. */
    long position() {
        return loaded - buffer.remaining();
    }

    long end() {
        return end;
    }

    int u8() {
        return need(1).get() & 0xFF;
    }

    int u16() {
        return need(2).getShort() & 0xFFFF;
    }

    int i32() {
        return need(4).getInt();
    }

    long i64() {
        return need(8).getLong();
    }

    /** A float of 64 bits; pickles store them with the high byte first. */
    double f64() {
        return Double.longBitsToDouble(Long.reverseBytes(i64()));
    }

    /** Checks that {@code n} bytes are left before anything is allocated for them. */
    byte[] bytes(long n) {
        if (n < 0 || n > end - position()) {
            throw bad(position(), n + " bytes announced, " + (end - position()) + " are left");
        }
        requireShort(n);
        byte[] out = new byte[(int) n];
        for (int at = 0; at < out.length; ) {
            int m = Math.min(BUFFER, out.length - at);
            need(m).get(out, at, m);
            at += m;
        }
        return out;
    }

    String utf8(long n) {
        long at = position();
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes(n)))
                    .toString();
        } catch (CharacterCodingException e) {
            throw bad(at, "a string that is not UTF-8");
        }
    }

    /** Characters to the next line feed, which is consumed; at most {@code max}. */
    String line(int max) {
        long at = position();
        StringBuilder out = new StringBuilder();
        for (int c = u8(); c != '\n'; c = u8()) {
            if (out.length() == max) {
                throw bad(at, "a name of more than " + max + " characters");
            }
            out.append((char) c);
        }
        return out.toString();
    }

    private ByteBuffer need(int n) {
        if (buffer.remaining() < n) {
            if (n > end - position()) {
                throw bad(end, "the pickle is cut short: it began at " + start + " and ends before its STOP");
            }
            requireShort(n);
            buffer.compact();
            buffer.limit((int) Math.min(BUFFER, buffer.position() + (end - loaded)));
            int before = buffer.position();
            file.read(loaded, buffer);
            loaded += buffer.position() - before;
            buffer.flip();
        }
        return buffer;
    }

    private void requireShort(long n) {
        if (position() + n - start > MAX_BYTES) {
            throw bad(position(), "a pickle of more than " + MAX_BYTES + " bytes; save the state dict alone");
        }
    }

    IngotException.BadData bad(long at, String reason) {
        return IngotException.BadData.at(file.path(), at, reason);
    }
}
