package ingot.formats.tokenizer;

import ingot.formats.IngotException;
import ingot.formats.Text;
import java.nio.file.Path;

/**
 * The byte-to-character map of GPT-2 (bytes_to_unicode in its encoder.py): the 188 printable Latin-1 characters stand
 * for themselves, the other 68 bytes in order for U+0100 to U+0143. Vocabularies in JSON are written in it.
 */
final class ByteLevel {
    private static final int CHARS = 256 + 68;
    private static final char[] TO_CHAR = new char[256];
    private static final short[] TO_BYTE = new short[CHARS];

    static {
        java.util.Arrays.fill(TO_BYTE, (short) -1);
        char next = 256;
        for (int b = 0; b < 256; b++) {
            boolean itself = (b >= '!' && b <= '~') || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
            char c = itself ? (char) b : next++;
            TO_CHAR[b] = c;
            TO_BYTE[c] = (short) b;
        }
    }

    private ByteLevel() {}

    /** Bytes as their characters. */
    static String encode(byte[] bytes) {
        char[] chars = new char[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            chars[i] = TO_CHAR[bytes[i] & 0xff];
        }
        return new String(chars);
    }

    /**
     * Characters as their bytes.
     *
     * @param where what the token is, for the message
     * @throws IngotException.BadData if a character stands for no byte
     */
    static byte[] decode(String token, Path origin, String where) {
        byte[] bytes = new byte[token.length()];
        for (int i = 0; i < bytes.length; i++) {
            char c = token.charAt(i);
            int b = c < CHARS ? TO_BYTE[c] : -1;
            if (b < 0) {
                throw IngotException.BadData.in(
                        origin,
                        where + ": token " + Text.quote(token) + " has a character "
                                + String.format("U+%04X", token.codePointAt(i))
                                + " that stands for no byte in the byte-level alphabet");
            }
            bytes[i] = (byte) b;
        }
        return bytes;
    }
}
