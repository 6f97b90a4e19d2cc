package ingot.runtime.template;

import java.util.List;

/** A cursor over the tokens, with the nesting meter of the recursive-descent parser. */
final class Tokens {
    private final List<Token> tokens;
    private final int maxDepth;
    private int at;
    private int depth;

    Tokens(List<Token> tokens, int maxDepth) {
        this.tokens = tokens;
        this.maxDepth = maxDepth;
    }

    Token current() {
        return tokens.get(at);
    }

    Token look() {
        return tokens.get(Math.min(at + 1, tokens.size() - 1));
    }

    Token next() {
        Token token = tokens.get(at);
        if (at < tokens.size() - 1) {
            at++;
        }
        return token;
    }

    int position() {
        return at;
    }

    /** Whether the name stands anywhere between token {@code from} and here. */
    boolean mentions(int from, String name) {
        return tokens.subList(from, at).stream().anyMatch(t -> t.isName(name));
    }

    boolean skipName(String name) {
        boolean there = current().isName(name);
        if (there) {
            next();
        }
        return there;
    }

    boolean skipOperator(String operator) {
        boolean there = current().isOperator(operator);
        if (there) {
            next();
        }
        return there;
    }

    Token expect(Token.Kind kind, String what) {
        if (current().kind() != kind) {
            throw fault("expected " + what + " but found " + describe());
        }
        return next();
    }

    void expectOperator(String operator) {
        if (!skipOperator(operator)) {
            throw fault("expected '" + operator + "' but found " + describe());
        }
    }

    void expectName(String name) {
        if (!skipName(name)) {
            throw fault("expected '" + name + "' but found " + describe());
        }
    }

    String describe() {
        Token token = current();
        return switch (token.kind()) {
            case END -> "the end of the template";
            case BLOCK_END -> "'%}'";
            case VARIABLE_END -> "'}}'";
            case DATA, BLOCK_BEGIN, VARIABLE_BEGIN -> "the start of other text";
            case NAME, STRING, INTEGER, FLOAT, OPERATOR -> ingot.formats.Text.quote(token.text());
        };
    }

    TemplateFault fault(String reason) {
        return new TemplateFault(reason, current().line());
    }

    void enter() {
        if (++depth > maxDepth) {
            throw fault("nested more than " + maxDepth + " deep");
        }
    }

    void leave() {
        depth--;
    }
}
