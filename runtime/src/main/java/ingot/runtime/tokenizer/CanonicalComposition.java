package ingot.runtime.tokenizer;

import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.Arrays;

/**
 * Unicode normalization form C, equal to the reference library's. Text is looked through for characters that are not
 * plainly stable, and only the stretch around such a character goes through {@link Normalizer}.
 *
 * <p>The reference composes with tables of Unicode 9 although it classes characters by Unicode 16
 * (docs/decisions/0010-tokenizer.md). Characters that came later stand still there, so they are left standing here.
 */
final class CanonicalComposition {
    /** A starter that is its own NFC and never joins what is before it: a stretch can begin at it or end before it. */
    private static final byte STABLE = 0;
    /** Perhaps not in NFC, or perhaps composing with or moving before what precedes it. */
    private static final byte UNSURE = 1;
    /** Unknown to Unicode 9: takes no part in normalization, a wall between its neighbours. */
    private static final byte INERT = 2;

    private static final int BMP = 0x10000;

    /** Pairs first, last: everything outside category M that is not its own NFC lies in these (checked by a test). */
    private static final int[] DECOMPOSING = {
        0x374, 0x387, 0x958, 0x95f, 0x9dc, 0x9df, 0xa33, 0xa36, 0xa59, 0xa5e, 0xb5c, 0xb5d, 0xf43, 0xf69,
        // The conjoining jamo.
        0x1100, 0x11ff, 0x1f71, 0x2001, 0x2126, 0x212b, 0x2329, 0x232a, 0x2adc, 0x2adc, 0xf900, 0xfad9, 0xfb1d, 0xfb4e,
        0x1d15e, 0x1d1c0, 0x2f800, 0x2fa1d
    };

    /** Pairs first, last: characters with a combining class or a composition that are younger than Unicode 9. */
    private static final int[] YOUNGER = {
        0x7fd, 0x7fd, 0x897, 0x89f, 0x8ca, 0x8d3, 0x9fe, 0x9fe, 0xc3c, 0xc3c, 0xd3b, 0xd3c, 0xeba, 0xeba, 0x1715,
        0x1715, 0x1abf, 0x1ace, 0x1df6, 0x1dfa, 0xa82c, 0xa82c, 0x105c0, 0x105f3, 0x10d24, 0x10d27, 0x10d69, 0x10d6d,
        0x10eab, 0x10eac, 0x10efd, 0x10eff, 0x10f46, 0x10f50, 0x10f82, 0x10f85, 0x11070, 0x11070, 0x1133b, 0x1133b,
        0x11380, 0x113e2, 0x1145e, 0x1145e, 0x11839, 0x1183a, 0x11900, 0x11959, 0x119e0, 0x119e0, 0x11a34, 0x11a34,
        0x11a47, 0x11a47, 0x11a99, 0x11a99, 0x11d42, 0x11d42, 0x11d44, 0x11d45, 0x11d97, 0x11d97, 0x11f41, 0x11f42,
        0x16100, 0x16139, 0x16d40, 0x16d79, 0x16ff0, 0x16ff1, 0x1e08f, 0x1e08f, 0x1e130, 0x1e136, 0x1e2ae, 0x1e2ae,
        0x1e2ec, 0x1e2ef, 0x1e4ec, 0x1e4ef, 0x1e5ee, 0x1e5ef
    };

    /** Kinds of the basic plane; made when a text has something above U+0300, which few short ones do. */
    private static final class Basic {
        static final byte[] KINDS = new byte[BMP];

        static {
            for (int c = 0x300; c < BMP; c++) {
                KINDS[c] = classify(c);
            }
        }
    }

    private CanonicalComposition() {}

    /** The slice itself if it is in NFC, else its NFC. */
    static Utf8Slice compose(Utf8Slice slice) {
        byte[] b = slice.bytes();
        int to = slice.to();
        byte[] out = null;
        int size = 0;
        int copied = slice.from();
        int stretch = slice.from();
        int p = slice.from();
        while (p < to) {
            // Below U+0300 everything is stable; so is U+4000 to U+9FFF, lead bytes E4 to E9.
            int lead = b[p] & 0xff;
            byte kind = lead < 0xcc || lead >= 0xe4 && lead <= 0xe9 ? STABLE : kind(Utf8.codePoint(b, p));
            if (kind != UNSURE) {
                int next = p + Utf8.length(b[p]);
                stretch = kind == STABLE ? p : next;
                p = next;
                continue;
            }
            p = endOfUnsure(b, p, to);
            String text = new String(b, stretch, p - stretch, StandardCharsets.UTF_8);
            String composed = CanonicalOrder.compose(text);
            if (!composed.equals(text)) {
                byte[] bytes = composed.getBytes(StandardCharsets.UTF_8);
                int needed = Math.addExact(Math.addExact(size, stretch - copied), bytes.length);
                out = out == null ? new byte[Math.max(needed, to - slice.from())] : ensure(out, needed);
                System.arraycopy(b, copied, out, size, stretch - copied);
                System.arraycopy(bytes, 0, out, size + stretch - copied, bytes.length);
                size = needed;
                copied = p;
            }
            stretch = p;
        }
        if (out == null) {
            return slice;
        }
        byte[] whole = ensure(out, Math.addExact(size, to - copied));
        System.arraycopy(b, copied, whole, size, to - copied);
        return new Utf8Slice(whole, 0, size + to - copied);
    }

    private static int endOfUnsure(byte[] b, int p, int to) {
        int q = p;
        while (q < to && kind(Utf8.codePoint(b, q)) == UNSURE) {
            q += Utf8.length(b[q]);
        }
        return q;
    }

    private static byte[] ensure(byte[] array, int needed) {
        return needed <= array.length
                ? array
                : Arrays.copyOf(array, Math.clamp(array.length * 3L / 2, needed, Integer.MAX_VALUE - 8));
    }

    private static byte kind(int c) {
        return c < BMP ? Basic.KINDS[c] : classify(c);
    }

    private static byte classify(int c) {
        if (within(YOUNGER, c)) {
            return INERT;
        }
        return switch (Character.getType(c)) {
            case Character.NON_SPACING_MARK, Character.COMBINING_SPACING_MARK, Character.ENCLOSING_MARK -> UNSURE;
            default -> within(DECOMPOSING, c) ? UNSURE : STABLE;
        };
    }

    private static boolean within(int[] ranges, int c) {
        int low = 0;
        int high = ranges.length / 2 - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (c < ranges[2 * middle]) {
                high = middle - 1;
            } else if (c > ranges[2 * middle + 1]) {
                low = middle + 1;
            } else {
                return true;
            }
        }
        return false;
    }
}
