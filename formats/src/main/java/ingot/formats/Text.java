package ingot.formats;

import java.nio.file.Path;

/** Makes foreign text safe to print on one terminal line. */
public final class Text {
    /** Names longer than this are cut: an error stays readable whatever a file calls its tensors. */
    private static final int MAX_NAME = 80;
    /** Complaints of a library, which may repeat what they complain about. */
    private static final int MAX_LINE = 200;

    private Text() {}

    /** The name in single quotes, control characters escaped, cut at 80 characters. */
    public static String quote(String name) {
        return "'" + cut(escape(name), MAX_NAME) + "'";
    }

    /** The first line of a text, control characters escaped, cut at 200 characters. */
    public static String line(String text) {
        int end = text.indexOf('\n');
        return cut(escape(end < 0 ? text : text.substring(0, end)), MAX_LINE);
    }

    /** Cut after escaping: one control character becomes six. */
    private static String cut(String escaped, int max) {
        return escaped.length() <= max ? escaped : escaped.substring(0, max - 1) + "…";
    }

    /** The path, escaped but never cut. */
    public static String path(Path path) {
        return escape(path.toString());
    }

    static String oneLine(String message) {
        return escape(message);
    }

    private static String escape(String s) {
        StringBuilder out = new StringBuilder(s.length());
        s.codePoints().forEach(c -> {
            switch (Character.getType(c)) {
                // Control, format (bidi overrides), line/paragraph separators, lone surrogates.
                case Character.CONTROL,
                        Character.FORMAT,
                        Character.LINE_SEPARATOR,
                        Character.PARAGRAPH_SEPARATOR,
                        Character.SURROGATE -> out.append(String.format("\\u%04x", c));
                default -> out.appendCodePoint(c);
            }
        });
        return out.toString();
    }
}
