package ingot.runtime.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Expressions with jinja2's precedence: conditional, or, and, not, comparison, + -, ~, * / // %, **, unary, postfix. */
final class ExpressionParser {
    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
    private final Tokens in;
    private final OperandParser operands;

    ExpressionParser(Tokens in) {
        this.in = in;
        this.operands = new OperandParser(in, this);
    }

    /** {@code name(…) | name …} applied to {@code start}: the first filter has no bar before it. */
    Ast.Expr filterChain(Ast.Expr start) {
        return operands.filterChain(start);
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

    /** As {@link #tuple(boolean)}; {@code parentheses} allows the empty tuple. */
    Ast.Expr tuple(boolean conditional, boolean parentheses) {
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
        while (!tupleEnds()) {
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
            return new Ast.NamespaceTarget(
                    name.text(), in.expect(Token.Kind.NAME, "a name").text());
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
            value = operands.primary();
        }
        value = operands.postfix(value);
        in.leave();
        return filters ? operands.filters(value) : value;
    }
}
