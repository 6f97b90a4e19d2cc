package ingot.runtime.template;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads one token inside a tag: numbers, names, strings with Python's escapes, operators (jinja2's lexer rules). */
final class TagScanner {
    private static final Pattern FLOAT = Pattern.compile(
            "(?:\\d+_)*+\\d++(?:(?:\\.(?:\\d+_)*+\\d++)?[eE][+-]?(?:\\d+_)*+\\d++|\\.(?:\\d+_)*+\\d++)");
    private static final Pattern INTEGER = Pattern.compile(
            "0[bB](?:_?[01])++|0[oO](?:_?[0-7])++|0[xX](?:_?[0-9a-fA-F])++|[1-9](?:_?\\d)*+|0(?:_?0)*+");
    private static final List<String> OPERATORS = List.of(
            "//", "**", "==", "!=", "<=", ">=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", "<", ">",
            "=", ".", ":", "|", ",", ";");

    /** Longest number literal looked at; the patterns' repeated groups recurse. */
    private static final int MAX_DIGITS = 400;

    private TagScanner() {}

    /** A token and the position after it. */
    record Scanned(Token token, int end) {}

    static Scanned next(String source, int pos, int line) {
        char c = source.charAt(pos);
        if (c >= '0' && c <= '9') {
            return number(source, pos, line);
        }
        if (c == '\'' || c == '"') {
            return string(source, pos, line);
        }
        int code = source.codePointAt(pos);
        if (code == '_' || Character.isUnicodeIdentifierStart(code)) {
            int end = pos;
            while (end < source.length() && isNamePart(source.codePointAt(end))) {
                end += Character.charCount(source.codePointAt(end));
            }
            return new Scanned(new Token(Token.Kind.NAME, source.substring(pos, end), line), end);
        }
        for (String operator : OPERATORS) {
            if (source.startsWith(operator, pos)) {
                return new Scanned(new Token(Token.Kind.OPERATOR, operator, line), pos + operator.length());
            }
        }
        throw new TemplateFault("unexpected character " + ingot.formats.Text.quote(Character.toString(code)), line);
    }

    private static boolean isNamePart(int code) {
        return code == '_' || (Character.isUnicodeIdentifierPart(code) && !Character.isIdentifierIgnorable(code));
    }

    private static Scanned number(String source, int pos, int line) {
        Matcher m = FLOAT.matcher(source).region(pos, Math.min(source.length(), pos + MAX_DIGITS));
        boolean afterDot = pos > 0 && source.charAt(pos - 1) == '.';
        if (!afterDot && m.lookingAt()) {
            return new Scanned(new Token(Token.Kind.FLOAT, m.group().replace("_", ""), line), m.end());
        }
        m.usePattern(INTEGER);
        if (!m.lookingAt()) {
            throw new TemplateFault("malformed number", line);
        }
        if (m.end() - pos > MAX_DIGITS / 2) { // the region above may have hidden a fraction
            throw new TemplateFault("a number of more than " + MAX_DIGITS / 2 + " digits", line);
        }
        return new Scanned(new Token(Token.Kind.INTEGER, m.group().replace("_", ""), line), m.end());
    }

    private static Scanned string(String source, int pos, int line) {
        char quote = source.charAt(pos);
        StringBuilder out = new StringBuilder();
        int i = pos + 1;
        while (i < source.length()) {
            char c = source.charAt(i);
            if (c == quote) {
                return new Scanned(new Token(Token.Kind.STRING, out.toString(), line), i + 1);
            }
            if (c == '\\' && i + 1 < source.length()) {
                i = escape(source, i + 1, out, line);
            } else {
                out.append(c);
                i++;
            }
        }
        throw new TemplateFault("a string is not closed", line);
    }

    /** Python's string escapes; an unknown one stays as it is written. Returns the position after the escape. */
    private static int escape(String source, int at, StringBuilder out, int line) {
        char c = source.charAt(at);
        switch (c) {
            case '\n' -> {} // a continued line
            case '\\', '\'', '"' -> out.append(c);
            case 'a' -> out.append('\u0007');
            case 'b' -> out.append('\b');
            case 'f' -> out.append('\f');
            case 'n' -> out.append('\n');
            case 'r' -> out.append('\r');
            case 't' -> out.append('\t');
            case 'v' -> out.append('\u000b');
            case 'x' -> {
                return hex(source, at + 1, 2, out, line);
            }
            case 'u' -> {
                return hex(source, at + 1, 4, out, line);
            }
            case 'U' -> {
                return hex(source, at + 1, 8, out, line);
            }
            case '0', '1', '2', '3', '4', '5', '6', '7' -> {
                int end = at;
                int value = 0;
                while (end < source.length() && end < at + 3 && Character.digit(source.charAt(end), 8) >= 0) {
                    value = value * 8 + Character.digit(source.charAt(end++), 8);
                }
                out.append((char) value);
                return end;
            }
            default -> out.append('\\').append(c);
        }
        return at + 1;
    }

    private static int hex(String source, int from, int digits, StringBuilder out, int line) {
        int value = 0;
        for (int i = from; i < from + digits; i++) {
            int digit = i < source.length() && source.charAt(i) < 128 ? Character.digit(source.charAt(i), 16) : -1;
            if (digit < 0 || value > 0x10FFFF) {
                throw new TemplateFault("a truncated or too large character escape in a string", line);
            }
            value = value * 16 + digit;
        }
        if (!Character.isValidCodePoint(value)) {
            throw new TemplateFault("a character escape beyond U+10FFFF", line);
        }
        out.appendCodePoint(value);
        return from + digits;
    }
}
