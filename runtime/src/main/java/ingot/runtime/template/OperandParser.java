package ingot.runtime.template;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The operands of expressions: literals, names, subscripts, calls, filters and tests. */
final class OperandParser {
    private final Tokens in;
    private final ExpressionParser expressions;

    OperandParser(Tokens in, ExpressionParser expressions) {
        this.in = in;
        this.expressions = expressions;
    }

    /** A literal, a name or something in brackets. */
    Ast.Expr primary() {
        Token token = in.next();
        return switch (token.kind()) {
            case NAME ->
                switch (token.text()) {
                    case "true", "True" -> new Ast.Const(Value.TRUE);
                    case "false", "False" -> new Ast.Const(Value.FALSE);
                    case "none", "None" -> new Ast.Const(Value.None.NONE);
                    default -> new Ast.Name(token.text());
                };
            case STRING -> {
                StringBuilder text = new StringBuilder(token.text());
                while (in.current().kind() == Token.Kind.STRING) {
                    text.append(in.next().text());
                }
                yield new Ast.Const(Value.Str.of(text.toString()));
            }
            case INTEGER -> new Ast.Const(new Value.Int(integer(token.text())));
            case FLOAT -> new Ast.Const(new Value.Real(Double.parseDouble(token.text())));
            case OPERATOR ->
                switch (token.text()) {
                    case "(" -> {
                        Ast.Expr inner = expressions.tuple(true, true);
                        in.expectOperator(")");
                        yield inner;
                    }
                    case "[" -> list();
                    case "{" -> dict();
                    default -> throw unexpected(token);
                };
            default -> throw unexpected(token);
        };
    }

    private TemplateFault unexpected(Token token) {
        return new TemplateFault(
                "expected an expression but found "
                        + (token.text().isEmpty() ? "the end of a tag" : ingot.formats.Text.quote(token.text())),
                token.line());
    }

    private static BigInteger integer(String text) {
        if (text.length() > 2) {
            switch (text.charAt(1)) {
                case 'x', 'X' -> {
                    return new BigInteger(text.substring(2), 16);
                }
                case 'o', 'O' -> {
                    return new BigInteger(text.substring(2), 8);
                }
                case 'b', 'B' -> {
                    return new BigInteger(text.substring(2), 2);
                }
                default -> {}
            }
        }
        return new BigInteger(text);
    }

    private Ast.Expr list() {
        List<Ast.Expr> items = new ArrayList<>();
        while (!in.skipOperator("]")) {
            if (!items.isEmpty()) {
                in.expectOperator(",");
                if (in.skipOperator("]")) {
                    break;
                }
            }
            items.add(expressions.expression());
        }
        return new Ast.Items(Value.Kind.LIST, items);
    }

    private Ast.Expr dict() {
        List<Ast.Pair> pairs = new ArrayList<>();
        while (!in.skipOperator("}")) {
            if (!pairs.isEmpty()) {
                in.expectOperator(",");
                if (in.skipOperator("}")) {
                    break;
                }
            }
            Ast.Expr key = expressions.expression();
            in.expectOperator(":");
            pairs.add(new Ast.Pair(key, expressions.expression()));
        }
        return new Ast.DictItems(pairs);
    }

    /** What follows without blanks mattering: attributes, subscripts and calls. */
    Ast.Expr postfix(Ast.Expr start) {
        Ast.Expr value = start;
        while (true) {
            if (in.skipOperator(".")) {
                Token name = in.next();
                value = switch (name.kind()) {
                    case NAME -> new Ast.Attribute(value, name.text());
                    case INTEGER -> new Ast.Subscript(value, new Ast.Const(new Value.Int(integer(name.text()))));
                    default -> throw new TemplateFault("expected a name or number after '.'", name.line());
                };
            } else if (in.current().isOperator("[")) {
                value = new Ast.Subscript(value, subscript());
            } else if (in.current().isOperator("(")) {
                value = new Ast.Call(value, arguments());
            } else {
                return value;
            }
        }
    }

    private Ast.Expr subscript() {
        in.expectOperator("[");
        List<Ast.Expr> keys = new ArrayList<>();
        while (!in.skipOperator("]")) {
            if (!keys.isEmpty()) {
                in.expectOperator(",");
            }
            keys.add(sliceOrKey());
        }
        return keys.size() == 1 ? keys.getFirst() : new Ast.Items(Value.Kind.TUPLE, keys);
    }

    private Ast.Expr sliceOrKey() {
        Ast.@Nullable Expr start = in.current().isOperator(":") ? null : expressions.expression();
        if (start != null && !in.current().isOperator(":")) {
            return start;
        }
        in.expectOperator(":");
        Ast.@Nullable Expr stop = sliceEnds() ? null : expressions.expression();
        Ast.@Nullable Expr step = in.skipOperator(":") && !sliceEnds() ? expressions.expression() : null;
        return new Ast.Slice(start, stop, step);
    }

    private boolean sliceEnds() {
        Token token = in.current();
        return token.isOperator(":") || token.isOperator("]") || token.isOperator(",");
    }

    private Ast.Arguments arguments() {
        in.expectOperator("(");
        List<Ast.Expr> positional = new ArrayList<>();
        List<Ast.Named> named = new ArrayList<>();
        Ast.@Nullable Expr spread = null;
        Ast.@Nullable Expr spreadNamed = null;
        boolean first = true;
        while (!in.skipOperator(")")) {
            if (!first) {
                in.expectOperator(",");
                if (in.skipOperator(")")) {
                    break;
                }
            }
            first = false;
            if (spreadNamed == null && spread == null && in.skipOperator("*")) {
                spread = expressions.expression();
            } else if (spreadNamed == null && in.skipOperator("**")) {
                spreadNamed = expressions.expression();
            } else if (spreadNamed == null
                    && in.current().kind() == Token.Kind.NAME
                    && in.look().isOperator("=")) {
                String name = in.next().text();
                in.next();
                named.add(new Ast.Named(name, expressions.expression()));
            } else if (spreadNamed == null && spread == null && named.isEmpty()) {
                positional.add(expressions.expression());
            } else {
                throw in.fault("a positional argument follows a named one");
            }
        }
        return new Ast.Arguments(positional, named, spread, spreadNamed);
    }

    /** What follows an operand: {@code | filter}, {@code is test}, and calls of their results. */
    Ast.Expr filters(Ast.Expr start) {
        Ast.Expr value = start;
        while (true) {
            if (in.skipOperator("|")) {
                value = filter(value);
            } else if (in.skipName("is")) {
                value = test(value);
            } else if (in.current().isOperator("(")) {
                value = new Ast.Call(value, arguments());
            } else {
                return value;
            }
        }
    }

    /** {@code name(…) | name …} applied to {@code start}: the first filter has no bar before it. */
    Ast.Expr filterChain(Ast.Expr start) {
        Ast.Expr value = filter(start);
        while (in.skipOperator("|")) {
            value = filter(value);
        }
        return value;
    }

    private Ast.Expr filter(Ast.Expr input) {
        Token name = in.expect(Token.Kind.NAME, "a filter name");
        Filters.@Nullable Filter filter = Filters.find(name.text());
        if (filter == null) {
            throw new TemplateFault("no filter named " + ingot.formats.Text.quote(name.text()), name.line());
        }
        Ast.Arguments arguments = in.current().isOperator("(") ? arguments() : Ast.Arguments.NONE;
        return new Ast.Filtered(input, name.text(), filter, arguments);
    }

    private Ast.Expr test(Ast.Expr input) {
        boolean negated = in.skipName("not");
        Token name = in.expect(Token.Kind.NAME, "a test name");
        Tests.@Nullable Test test = Tests.find(name.text());
        if (test == null) {
            throw new TemplateFault("no test named " + ingot.formats.Text.quote(name.text()), name.line());
        }
        Ast.Arguments arguments = Ast.Arguments.NONE;
        if (in.current().isOperator("(")) {
            arguments = arguments();
        } else if (startsOperand(in.current())) {
            in.enter();
            arguments = new Ast.Arguments(List.of(postfix(primary())), List.of(), null, null);
            in.leave();
        }
        Ast.Expr tested = new Ast.Tested(input, name.text(), test, arguments);
        return negated ? new Ast.Not(tested) : tested;
    }

    private boolean startsOperand(Token token) {
        return switch (token.kind()) {
            case NAME -> {
                if (token.isName("is")) {
                    throw in.fault("tests cannot be chained with 'is'");
                }
                yield !token.isName("else") && !token.isName("or") && !token.isName("and");
            }
            case STRING, INTEGER, FLOAT -> true;
            case OPERATOR -> token.isOperator("[") || token.isOperator("{");
            default -> false;
        };
    }
}
