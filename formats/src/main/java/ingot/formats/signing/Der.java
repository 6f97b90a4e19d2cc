package ingot.formats.signing;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Optional;

/**
 * As much of DER (X.690) as wraps keys: elements with one-byte tags and definite lengths. What is inside a key is left to
 * the JDK.
 */
final class Der {
    static final int INTEGER = 0x02;
    static final int BIT_STRING = 0x03;
    static final int OCTET_STRING = 0x04;
    static final int SEQUENCE = 0x30;

    private final byte[] bytes;
    private final int end;
    private int at;

    private Der(byte[] bytes, int from, int end) {
        this.bytes = bytes;
        this.at = from;
        this.end = end;
    }

    static Der of(byte[] bytes) {
        return new Der(bytes, 0, bytes.length);
    }

    /**
     * The contents of the next element, which must carry {@code tag}.
     *
     * @throws IllegalArgumentException when it does not, or runs over the end
     */
    Der next(int tag) {
        return optional(tag)
                .orElseThrow(() -> new IllegalArgumentException("no element 0x" + Integer.toHexString(tag)));
    }

    /** The contents of the next element if it carries {@code tag}. */
    Optional<Der> optional(int tag) {
        if (at >= end || (bytes[at] & 0xFF) != tag) {
            return Optional.empty();
        }
        int from = at + 1;
        int length = byteAt(from++);
        if (length > 0x80) {
            int octets = length - 0x80;
            if (octets > 2) {
                throw new IllegalArgumentException("an element is too long");
            }
            length = 0;
            for (int i = 0; i < octets; i++) {
                length = length << 8 | byteAt(from++);
            }
        } else if (length == 0x80) {
            throw new IllegalArgumentException("an element of indefinite length");
        }
        if (length > end - from) {
            throw new IllegalArgumentException("an element runs over the end");
        }
        at = from + length;
        return Optional.of(new Der(bytes, from, at));
    }

    byte[] rest() {
        return Arrays.copyOfRange(bytes, at, end);
    }

    private int byteAt(int index) {
        if (index >= end) {
            throw new IllegalArgumentException("an element runs over the end");
        }
        return bytes[index] & 0xFF;
    }

    /** An element around the concatenated {@code contents}, which are shorter than 64 KiB. */
    static byte[] element(int tag, byte[]... contents) {
        int length = Arrays.stream(contents).mapToInt(c -> c.length).sum();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        if (length < 0x80) {
            out.write(length);
        } else if (length < 0x100) {
            out.write(0x81);
            out.write(length);
        } else {
            out.write(0x82);
            out.write(length >> 8);
            out.write(length);
        }
        for (byte[] c : contents) {
            out.writeBytes(c);
        }
        return out.toByteArray();
    }
}
