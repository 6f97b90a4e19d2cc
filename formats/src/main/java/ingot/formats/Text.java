package ingot.formats;

import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.HexFormat;

/**
 * Makes foreign text safe to show: nothing that it returns can move the cursor, colour the terminal, reorder a line or end
 * it. This is the only place that decides which characters do.
 */
public final class Text {
    /** Names longer than this are cut: an error stays readable whatever a file calls its tensors. */
    private static final int MAX_NAME = 80;
    /** Complaints of a library, which may repeat what they complain about. */
    private static final int MAX_LINE = 200;

    private Text() {}

    /** The name in single quotes, what cannot be shown escaped, cut at 80 characters. */
    public static String quote(String name) {
        return "'" + escape(name, MAX_NAME) + "'";
    }

    /** The first line of a text, what cannot be shown escaped, cut at 200 characters. */
    public static String line(String text) {
        int end = text.indexOf('\n');
        return escape(end < 0 ? text : text.substring(0, end), MAX_LINE);
    }

    /**
     * What the exception of a library says, as {@link #line}; its kind where it says nothing. Of one of the file system it
     * is the reason alone: the path stands in front of it in every message, and some of them say nothing else.
     */
    public static String reason(Throwable e) {
        String message = switch (e) {
            case AccessDeniedException denied -> "permission denied";
            case NoSuchFileException missing -> "no such file or folder";
            case FileAlreadyExistsException there -> "a file is in the way";
            case NotDirectoryException file -> "not a folder";
            case DirectoryNotEmptyException full -> "the folder is not empty";
            case FileSystemException failure -> failure.getReason();
            default -> e.getMessage();
        };
        return line(message == null ? e.getClass().getSimpleName() : message);
    }

    /** The path, escaped but never cut. */
    public static String path(Path path) {
        return visible(path.toString());
    }

    /** The whole text on one line, what cannot be shown escaped. */
    public static String visible(String text) {
        return escape(text, Integer.MAX_VALUE);
    }

    /** The whole text for a cell of a table: what cannot be shown becomes U+FFFD, one column wide. */
    public static String cell(String text) {
        if (text.codePoints().allMatch(Text::isVisible)) {
            return text;
        }
        StringBuilder out = new StringBuilder(text.length());
        text.codePoints().forEach(c -> out.appendCodePoint(isVisible(c) ? c : 0xFFFD));
        return out.toString();
    }

    /** JSON as a terminal may see it: the writer escapes only what JSON forbids. Lines stay lines. */
    public static String json(String json) {
        StringBuilder out = new StringBuilder(json.length());
        json.codePoints().forEach(c -> append(out, c, c < ' ' || isVisible(c)));
        return out.toString();
    }

    /**
     * Stops when the result is full: one character may become six or twelve, and text out of a file may have millions.
     *
     * @param max characters of the result, the last of which says that there were more
     */
    private static String escape(String s, int max) {
        StringBuilder out = new StringBuilder(Math.min(s.length(), max) + 16);
        int fits = 0;
        for (int i = 0; i < s.length(); ) {
            int c = s.codePointAt(i);
            append(out, c, isVisible(c));
            if (out.length() > max) {
                out.setLength(fits);
                return out.append('…').toString();
            }
            fits = out.length() < max ? out.length() : fits;
            i += Character.charCount(c);
        }
        return out.toString();
    }

    private static void append(StringBuilder out, int c, boolean asItIs) {
        if (asItIs) {
            out.appendCodePoint(c);
            return;
        }
        for (char unit : Character.toChars(c)) {
            out.append("\\u").append(HexFormat.of().toHexDigits(unit));
        }
    }

    /** No control, format (bidi overrides) or separator of lines, no half of a character. */
    private static boolean isVisible(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE -> false;
            default -> true;
        };
    }
}
