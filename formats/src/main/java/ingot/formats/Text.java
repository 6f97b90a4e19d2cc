package ingot.formats;

import java.nio.file.Path;

/** Makes foreign text safe to print on one terminal line. */
public final class Text {
    /** Names longer than this are cut: an error stays readable whatever a file calls its tensors. */
    private static final int MAX_NAME = 80;

    private Text() {}

    /** The name in single quotes, control characters escaped, cut at 80 characters. */
    public static String quote(String name) {
        String escaped = escape(name);
        return "'" + (escaped.length() <= MAX_NAME ? escaped : escaped.substring(0, MAX_NAME - 1) + "…") + "'";
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
