package ingot.runtime.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** UTF-8 as the tokenizer needs it: text to bytes, and code points out of bytes known to be valid. */
final class Utf8 {
    private static final char REPLACEMENT = '\ufffd';

    private Utf8() {}

    /** The text in UTF-8; a lone surrogate becomes U+FFFD, as in tiktoken. */
    static byte[] encode(String text) {
        int lone = loneSurrogate(text, 0);
        if (lone < 0) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
        char[] chars = text.toCharArray();
        for (int i = lone; i >= 0; i = loneSurrogate(text, i + 1)) {
            chars[i] = REPLACEMENT;
        }
        return new String(chars).getBytes(StandardCharsets.UTF_8);
    }

    private static int loneSurrogate(String text, int from) {
        for (int i = from; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!Character.isSurrogate(c)) {
                continue;
            }
            if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
            } else {
                return i;
            }
        }
        return -1;
    }

    /**
     * The text of {@code b[0..n)}, each maximal part of an invalid sequence as one U+FFFD (Unicode standard 3.9, and
     * the reference). The platform does the same but for encoded surrogates, ED A0 to ED BF, whose bytes it takes
     * together; with FF in place of such an ED it takes them one by one.
     */
    static String decode(byte[] b, int n) {
        byte[] bytes = b;
        for (int i = 0; i + 1 < n; i++) {
            if (b[i] == (byte) 0xed && (b[i + 1] & 0xe0) == 0xa0) {
                bytes = bytes == b ? Arrays.copyOf(b, n) : bytes;
                bytes[i] = (byte) 0xff;
            }
        }
        return new String(bytes, 0, n, StandardCharsets.UTF_8);
    }

    /** Bytes of the character that begins with {@code lead}. */
    static int length(byte lead) {
        return lead >= 0 ? 1 : (lead & 0xe0) == 0xc0 ? 2 : (lead & 0xf0) == 0xe0 ? 3 : 4;
    }

    /** The code point at {@code p} of valid UTF-8. */
    static int codePoint(byte[] b, int p) {
        int c = b[p];
        if (c >= 0) {
            return c;
        }
        if ((c & 0xe0) == 0xc0) {
            return (c & 0x1f) << 6 | b[p + 1] & 0x3f;
        }
        if ((c & 0xf0) == 0xe0) {
            return (c & 0x0f) << 12 | (b[p + 1] & 0x3f) << 6 | b[p + 2] & 0x3f;
        }
        return (c & 0x07) << 18 | (b[p + 1] & 0x3f) << 12 | (b[p + 2] & 0x3f) << 6 | b[p + 3] & 0x3f;
    }

    /** Where the character that ends at {@code p} begins. */
    static int before(byte[] b, int p) {
        int start = p - 1;
        while ((b[start] & 0xc0) == 0x80) {
            start--;
        }
        return start;
    }

    /**
     * Bytes at the end of {@code b[0..n)} that begin a character which more bytes could still complete: 0 to 3. What
     * no continuation makes valid does not count, so it is replaced at once.
     */
    static int incompleteTail(byte[] b, int n) {
        for (int k = 1; k <= Math.min(3, n); k++) {
            int c = b[n - k] & 0xff;
            if ((c & 0xc0) == 0x80) {
                continue;
            }
            int length = c >= 0xc2 && c <= 0xdf ? 2 : (c & 0xf0) == 0xe0 ? 3 : c >= 0xf0 && c <= 0xf4 ? 4 : 1;
            return k < length && (k == 1 || isSecond(c, b[n - k + 1] & 0xff)) ? k : 0;
        }
        return 0;
    }

    /** Table 3-7 of the Unicode standard: the second bytes that {@code lead} allows. */
    private static boolean isSecond(int lead, int second) {
        int low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
        int high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
        return second >= low && second <= high;
    }
}
