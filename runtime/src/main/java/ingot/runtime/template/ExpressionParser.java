package ingot.runtime.template;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Expressions with jinja2's precedence: conditional, or, and, not, comparison, + -, ~, * / // %, **, unary, postfix. */
final class ExpressionParser {
    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
    private final Tokens in;

    ExpressionParser(Tokens in) {
        this.in = in;
    }

    Ast.Expr expression() {
        in.enter();
        Ast.Expr value = or();
        while (in.skipName("if")) {
            Ast.Expr test = or();
            Ast.@Nullable Expr otherwise = in.skipName("else") ? expression() : null;
            value = new Ast.Conditional(test, value, otherwise);
        }
        in.leave();
        return value;
    }

    /** One expression, or a tuple where commas follow; {@code conditional} allows {@code a if b} at the top. */
    Ast.Expr tuple(boolean conditional) {
        return tuple(conditional, false);
    }

    private Ast.Expr tuple(boolean conditional, boolean parentheses) {
        List<Ast.Expr> items = new ArrayList<>();
        boolean comma = false;
        while (!tupleEnds()) {
            items.add(conditional ? expression() : or());
            if (!in.skipOperator(",")) {
                break;
            }
            comma = true;
        }
        if (!comma && items.size() == 1) {
            return items.getFirst();
        }
        if (items.isEmpty() && !parentheses) {
            throw in.fault("expected an expression but found " + in.describe());
        }
        return new Ast.Items(Value.Kind.TUPLE, items);
    }

    private boolean tupleEnds() {
        Token token = in.current();
        return token.kind() == Token.Kind.VARIABLE_END
                || token.kind() == Token.Kind.BLOCK_END
                || token.isOperator(")")
                || token.isName("recursive");
    }

    /** What may stand left of an assignment; {@code tuple} allows {@code a, b}, {@code namespaces} allows {@code ns.a}. */
    Ast.Target target(boolean tuple, boolean namespaces) {
        in.enter();
        List<Ast.Target> targets = new ArrayList<>();
        boolean comma = false;
        while (!in.current().isName("in") && !in.current().isOperator("=") && !tupleEnds()) {
            targets.add(oneTarget(namespaces));
            if (!tuple || !in.skipOperator(",")) {
                break;
            }
            comma = true;
        }
        in.leave();
        if (targets.isEmpty()) {
            throw in.fault("expected a name to assign to but found " + in.describe());
        }
        return comma ? new Ast.TupleTarget(targets) : targets.getFirst();
    }

    private Ast.Target oneTarget(boolean namespaces) {
        if (in.skipOperator("(")) {
            Ast.Target inner = target(true, namespaces);
            in.expectOperator(")");
            return inner;
        }
        Token name = in.expect(Token.Kind.NAME, "a name");
        if (Set.of("true", "false", "none", "True", "False", "None").contains(name.text())) {
            throw new TemplateFault("cannot assign to " + name.text(), name.line());
        }
        if (namespaces && in.skipOperator(".")) {
            return new Ast.NamespaceTarget(name.text(), in.expect(Token.Kind.NAME, "a name").text());
        }
        return new Ast.NameTarget(name.text());
    }

    private Ast.Expr or() {
        Ast.Expr left = and();
        while (in.skipName("or")) {
            left = new Ast.Logic(false, left, and());
        }
        return left;
    }

    private Ast.Expr and() {
        Ast.Expr left = not();
        while (in.skipName("and")) {
            left = new Ast.Logic(true, left, not());
        }
        return left;
    }

    private Ast.Expr not() {
        if (!in.current().isName("not")) {
            return comparison();
        }
        in.next();
        in.enter();
        Ast.Expr operand = not();
        in.leave();
        return new Ast.Not(operand);
    }

    private Ast.Expr comparison() {
        Ast.Expr first = sum();
        List<Ast.Link> links = new ArrayList<>();
        while (true) {
            Token token = in.current();
            if (token.kind() == Token.Kind.OPERATOR && COMPARISONS.contains(token.text())) {
                in.next();
                links.add(new Ast.Link(token.text(), sum()));
            } else if (in.skipName("in")) {
                links.add(new Ast.Link("in", sum()));
            } else if (token.isName("not") && in.look().isName("in")) {
                in.next();
                in.next();
                links.add(new Ast.Link("not in", sum()));
            } else {
                return links.isEmpty() ? first : new Ast.Comparison(first, links);
            }
        }
    }

    private Ast.Expr sum() {
        Ast.Expr left = concat();
        while (in.current().isOperator("+") || in.current().isOperator("-")) {
            left = new Ast.Binary(in.next().text(), left, concat());
        }
        return left;
    }

    private Ast.Expr concat() {
        List<Ast.Expr> parts = new ArrayList<>();
        parts.add(product());
        while (in.skipOperator("~")) {
            parts.add(product());
        }
        return parts.size() == 1 ? parts.getFirst() : new Ast.Concat(parts);
    }

    private Ast.Expr product() {
        Ast.Expr left = power();
        while (in.current().isOperator("*")
                || in.current().isOperator("/")
                || in.current().isOperator("//")
                || in.current().isOperator("%")) {
            left = new Ast.Binary(in.next().text(), left, power());
        }
        return left;
    }

    /** Left-associative, unlike Python's own: jinja2 builds it that way. */
    private Ast.Expr power() {
        Ast.Expr left = unary(true);
        while (in.skipOperator("**")) {
            left = new Ast.Binary("**", left, unary(true));
        }
        return left;
    }

    private Ast.Expr unary(boolean filters) {
        in.enter();
        Ast.Expr value;
        if (in.current().isOperator("-") || in.current().isOperator("+")) {
            char operator = in.next().text().charAt(0);
            value = new Ast.Unary(operator, unary(false));
        } else {
            value = primary();
        }
        value = postfix(value);
        in.leave();
        return filters ? filters(value) : value;
    }

    private Ast.Expr primary() {
        Token token = in.next();
        return switch (token.kind()) {
            case NAME -> switch (token.text()) {
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
            case OPERATOR -> switch (token.text()) {
                case "(" -> {
                    Ast.Expr inner = tuple(true, true);
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
            items.add(expression());
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
            Ast.Expr key = expression();
            in.expectOperator(":");
            pairs.add(new Ast.Pair(key, expression()));
        }
        return new Ast.DictItems(pairs);
    }

    private Ast.Expr postfix(Ast.Expr start) {
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
        Ast.@Nullable Expr start = in.current().isOperator(":") ? null : expression();
        if (start != null && !in.current().isOperator(":")) {
            return start;
        }
        in.expectOperator(":");
        Ast.@Nullable Expr stop = sliceEnds() ? null : expression();
        Ast.@Nullable Expr step = in.skipOperator(":") && !sliceEnds() ? expression() : null;
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
                spread = expression();
            } else if (spreadNamed == null && in.skipOperator("**")) {
                spreadNamed = expression();
            } else if (spreadNamed == null
                    && in.current().kind() == Token.Kind.NAME
                    && in.look().isOperator("=")) {
                String name = in.next().text();
                in.next();
                named.add(new Ast.Named(name, expression()));
            } else if (spreadNamed == null && spread == null && named.isEmpty()) {
                positional.add(expression());
            } else {
                throw in.fault("a positional argument follows a named one");
            }
        }
        return new Ast.Arguments(positional, named, spread, spreadNamed);
    }

    /** What follows an operand: {@code | filter}, {@code is test}, and calls of their results. */
    private Ast.Expr filters(Ast.Expr start) {
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
