package ingot.runtime.template;

import java.util.ArrayList;
import java.util.List;

/** Python's string primitives over UTF-16: lengths and positions count code points, whitespace is {@code str.isspace}. */
final class Strings {
    /** From this needle length on, searching uses Knuth-Morris-Pratt: linear whatever the text. */
    private static final int SHORT_NEEDLE = 16;

    private Strings() {}

    /** Python's {@code str.isspace} for one character; all its whitespace lies in the basic plane. */
    static boolean isSpace(int c) {
        return (c >= 0x09 && c <= 0x0d)
                || (c >= 0x1c && c <= 0x20)
                || c == 0x85
                || c == 0xa0
                || c == 0x1680
                || (c >= 0x2000 && c <= 0x200a)
                || c == 0x2028
                || c == 0x2029
                || c == 0x202f
                || c == 0x205f
                || c == 0x3000;
    }

    static boolean isBlank(String s) {
        return stripStart(s) == s.length();
    }

    /** First index that is not whitespace. */
    static int stripStart(String s) {
        int start = 0;
        while (start < s.length() && isSpace(s.charAt(start))) {
            start++;
        }
        return start;
    }

    /** Index after the last character that is not whitespace. */
    static int stripEnd(String s) {
        int end = s.length();
        while (end > 0 && isSpace(s.charAt(end - 1))) {
            end--;
        }
        return end;
    }

    static int count(String s, char c) {
        int count = 0;
        for (int i = s.indexOf(c); i >= 0; i = s.indexOf(c, i + 1)) {
            count++;
        }
        return count;
    }

    static int length(Run run, String s) {
        run.budget().scan(s.length());
        return s.codePointCount(0, s.length());
    }

    /** UTF-16 offset of code point {@code index}, which must lie in 0..length. */
    static int offset(Run run, String s, int index) {
        run.budget().scan(s.length());
        return s.offsetByCodePoints(0, index);
    }

    /** The code points as single-character strings. */
    static List<Value> characters(Run run, String s) {
        int length = length(run, s);
        run.budget().elements(length);
        List<Value> out = new ArrayList<>(length);
        s.codePoints().forEach(c -> out.add(Value.Str.of(Character.toString(c))));
        return out;
    }

    /** {@code s.indexOf(needle, from)} in linear time. */
    static int indexOf(Run run, String s, String needle, int from) {
        run.budget().scan((long) (s.length() - Math.min(from, s.length())) + needle.length());
        return find(s, needle, from);
    }

    /** As {@link #indexOf}, for a caller that has paid for a pass over {@code s}. */
    static int find(String s, String needle, int from) {
        if (needle.length() < SHORT_NEEDLE) {
            return s.indexOf(needle, from);
        }
        return s.length() - from < needle.length() ? -1 : knuthMorrisPratt(s, needle, from);
    }

    private static int knuthMorrisPratt(String s, String needle, int from) {
        int[] border = new int[needle.length()];
        for (int i = 1, k = 0; i < needle.length(); i++) {
            while (k > 0 && needle.charAt(i) != needle.charAt(k)) {
                k = border[k - 1];
            }
            k += needle.charAt(i) == needle.charAt(k) ? 1 : 0;
            border[i] = k;
        }
        for (int i = from, k = 0; i < s.length(); i++) {
            while (k > 0 && s.charAt(i) != needle.charAt(k)) {
                k = border[k - 1];
            }
            k += s.charAt(i) == needle.charAt(k) ? 1 : 0;
            if (k == needle.length()) {
                return i - k + 1;
            }
        }
        return -1;
    }

    /** {@code s.lastIndexOf(needle)} ending at or before {@code end}, in linear time. */
    static int lastIndexOf(Run run, String s, String needle, int end) {
        if (needle.length() < SHORT_NEEDLE) {
            int at = s.lastIndexOf(needle, end - needle.length());
            run.budget().scan((long) end - Math.max(at, 0));
            return at;
        }
        run.budget().string((long) end + needle.length());
        String mirrored = new StringBuilder(s.substring(0, end)).reverse().toString();
        int at = indexOf(run, mirrored, new StringBuilder(needle).reverse().toString(), 0);
        return at < 0 ? -1 : end - at - needle.length();
    }

    /** Orders by code points, as Python does; UTF-16 order differs above U+FFFF. */
    static int compare(Run run, String a, String b) {
        int n = Math.min(a.length(), b.length());
        run.budget().scan(n);
        for (int i = 0; i < n; i++) {
            char x = a.charAt(i);
            char y = b.charAt(i);
            if (x != y) {
                boolean sx = Character.isSurrogate(x);
                return sx == Character.isSurrogate(y) ? Character.compare(x, y) : sx ? 1 : -1;
            }
        }
        return Integer.compare(a.length(), b.length());
    }

    /** markupsafe's escape. */
    static String escape(Run run, String s) {
        run.budget().string(s.length());
        StringBuilder out = new StringBuilder(s.length());
        for (int i = 0; i < s.length(); i++) {
            switch (s.charAt(i)) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '"' -> out.append("&#34;");
                case '\'' -> out.append("&#39;");
                default -> out.append(s.charAt(i));
            }
        }
        run.budget().string(out.length());
        return out.toString();
    }

    /** {@code s.replace(old, with, count)}; a negative count means all. The result is measured before it is made. */
    static String replace(Run run, String s, String old, String with, long count) {
        if (old.isEmpty()) {
            return insertBetween(run, s, with, count);
        }
        run.budget().scan(2L * s.length());
        long hits = 0;
        for (int i = find(s, old, 0); i >= 0 && (count < 0 || hits < count); i = find(s, old, i + old.length())) {
            hits++;
        }
        if (hits == 0) {
            return s;
        }
        long size = s.length() + hits * (with.length() - (long) old.length());
        run.budget().string(size);
        StringBuilder out = new StringBuilder((int) size);
        int from = 0;
        for (long h = 0; h < hits; h++) {
            int at = find(s, old, from);
            out.append(s, from, at).append(with);
            from = at + old.length();
        }
        return out.append(s, from, s.length()).toString();
    }

    /** Python's replacement of the empty string: before each character and at the end. */
    private static String insertBetween(Run run, String s, String with, long count) {
        int length = length(run, s);
        long hits = count < 0 ? length + 1L : Math.min(count, length + 1L);
        run.budget().string(s.length() + hits * with.length());
        StringBuilder out = new StringBuilder();
        int at = 0;
        for (long h = 0; h <= length; h++) {
            if (h < hits) {
                out.append(with);
            }
            if (h < length) {
                int c = s.codePointAt(at);
                out.appendCodePoint(c);
                at += Character.charCount(c);
            }
        }
        return out.toString();
    }
}
