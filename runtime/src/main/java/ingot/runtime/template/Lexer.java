package ingot.runtime.template;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Cuts a template into data and the tokens of its tags as jinja2's lexer does with {@code trim_blocks=True} (a line break
 * after a block or comment tag goes), {@code lstrip_blocks=True} (blanks between a line start and a block or comment tag
 * go) and {@code keep_trailing_newline=False}. Linear in the source.
 */
final class Lexer {
    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int pos;
    private int line = 1;
    private boolean lineStarting = true;

    private Lexer(String source) {
        this.source = source;
    }

    static List<Token> tokens(String source) {
        String text = source.replace("\r\n", "\n").replace('\r', '\n');
        Lexer lexer = new Lexer(text.endsWith("\n") ? text.substring(0, text.length() - 1) : text);
        lexer.root();
        lexer.add(Token.Kind.END, "");
        return lexer.tokens;
    }

    private void root() {
        while (pos < source.length()) {
            int tag = nextTag(pos);
            if (tag < 0) {
                data(source.substring(pos));
                pos = source.length();
                return;
            }
            char type = source.charAt(tag + 1);
            char sign = signAt(tag + 2);
            dataBefore(tag, sign, type != '{');
            int start = tag + 2 + (sign == 0 ? 0 : 1);
            if (type == '#') {
                comment(start);
            } else if (type == '%' && rawBegin(start)) {
                raw();
            } else {
                pos = start;
                tag(type == '%');
            }
        }
    }

    /** Position of the next tag opening at or after {@code from}, or -1. */
    private int nextTag(int from) {
        for (int at = source.indexOf('{', from); at >= 0; at = source.indexOf('{', at + 1)) {
            if (at + 1 < source.length() && "{%#".indexOf(source.charAt(at + 1)) >= 0) {
                return at;
            }
        }
        return -1;
    }

    /** The whitespace-control character at {@code at}, or 0. */
    private char signAt(int at) {
        char c = at < source.length() ? source.charAt(at) : 0;
        return c == '-' || c == '+' ? c : 0;
    }

    /** Emits the data up to {@code tag}, stripped as the tag's sign and {@code lstrip_blocks} say. */
    private void dataBefore(int tag, char sign, boolean lstrip) {
        String text = source.substring(pos, tag);
        String kept = text;
        if (sign == '-') {
            kept = text.substring(0, Strings.stripEnd(text));
        } else if (sign == 0 && lstrip) {
            int start = text.lastIndexOf('\n') + 1;
            if ((start > 0 || lineStarting) && Strings.isBlank(text.substring(start))) {
                kept = text.substring(0, start);
            }
        }
        data(kept);
        line += Strings.count(text, '\n') - Strings.count(kept, '\n');
        lineStarting = false;
    }

    private void data(String text) {
        if (!text.isEmpty()) {
            add(Token.Kind.DATA, text);
        }
        line += Strings.count(text, '\n');
    }

    private void comment(int start) {
        int end = source.indexOf("#}", start);
        if (end < 0) {
            throw new TemplateFault("a comment is not closed with '#}'", line);
        }
        char sign = end > start ? signAt(end - 1) : 0;
        advance(end + 2);
        afterTag(sign, true);
    }

    /** Moves on to {@code to}, counting lines. */
    private void advance(int to) {
        for (int i = pos; i < to; i++) {
            if (source.charAt(i) == '\n' && i >= 0) {
                line++;
            }
        }
        pos = to;
        lineStarting = to > 0 && source.charAt(to - 1) == '\n';
    }

    /** Swallows what follows a tag end: all whitespace after a minus, else one line break where trimming is on. */
    private void afterTag(char sign, boolean trim) {
        int to = pos;
        if (sign == '-') {
            while (to < source.length() && Strings.isSpace(source.charAt(to))) {
                to++;
            }
        } else if (sign == 0 && trim && to < source.length() && source.charAt(to) == '\n') {
            to++;
        }
        advance(to);
    }

    /** Reads {@code raw %}} at {@code start} if that is what stands there; its end does not trim a line break. */
    private boolean rawBegin(int start) {
        int at = skipSpace(start);
        if (!source.startsWith("raw", at)) {
            return false;
        }
        at = skipSpace(at + 3);
        char sign = signAt(at) == '-' ? '-' : 0;
        int end = sign == '-' ? at + 1 : at;
        if (!source.startsWith("%}", end)) {
            return false;
        }
        advanceCountingFrom(start, end + 2);
        afterTag(sign, false);
        return true;
    }

    private void raw() {
        for (int tag = source.indexOf("{%", pos); tag >= 0; tag = source.indexOf("{%", tag + 1)) {
            char sign = signAt(tag + 2);
            int at = skipSpace(tag + 2 + (sign == 0 ? 0 : 1));
            if (!source.startsWith("endraw", at)) {
                continue;
            }
            at = skipSpace(at + 6);
            char endSign = signAt(at);
            int end = endSign == 0 ? at : at + 1;
            if (!source.startsWith("%}", end)) {
                continue;
            }
            dataBefore(tag, sign, true);
            advanceCountingFrom(tag, end + 2);
            afterTag(endSign, true);
            return;
        }
        throw new TemplateFault("raw is not closed with endraw", line);
    }

    private void advanceCountingFrom(int from, int to) {
        pos = from;
        advance(to);
    }

    private int skipSpace(int at) {
        int to = at;
        while (to < source.length() && Strings.isSpace(source.charAt(to))) {
            to++;
        }
        return to;
    }

    /** The inside of a block or variable tag. */
    private void tag(boolean block) {
        add(block ? Token.Kind.BLOCK_BEGIN : Token.Kind.VARIABLE_BEGIN, "");
        int opened = line;
        String close = block ? "%}" : "}}";
        Deque<Character> open = new ArrayDeque<>();
        while (true) {
            advance(skipSpace(pos));
            if (pos >= source.length()) {
                throw new TemplateFault("a tag is not closed with '" + close + "'", opened);
            }
            char sign = signAt(pos);
            int end = sign == 0 ? pos : pos + 1;
            boolean signed = sign == 0 || sign == '-' || block;
            if (open.isEmpty() && signed && source.startsWith(close, end)) {
                add(block ? Token.Kind.BLOCK_END : Token.Kind.VARIABLE_END, "");
                advance(end + 2);
                afterTag(sign, block);
                return;
            }
            TagScanner.Scanned next = TagScanner.next(source, pos, line);
            balance(open, next.token());
            tokens.add(next.token());
            advance(next.end());
        }
    }

    private void balance(Deque<Character> open, Token token) {
        if (token.kind() != Token.Kind.OPERATOR) {
            return;
        }
        switch (token.text()) {
            case "(" -> open.push(')');
            case "[" -> open.push(']');
            case "{" -> open.push('}');
            case ")", "]", "}" -> {
                if (open.isEmpty() || open.pop() != token.text().charAt(0)) {
                    throw new TemplateFault("unexpected '" + token.text() + "'", token.line());
                }
            }
            default -> {}
        }
    }

    private void add(Token.Kind kind, String text) {
        tokens.add(new Token(kind, text, line));
    }
}
