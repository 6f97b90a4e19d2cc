package ingot.runtime.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Statements (jinja2's parser): everything a chat template needs, nothing that reaches other files. */
final class Parser {
    private final Tokens in;
    private final ExpressionParser expressions;

    private Parser(Tokens in) {
        this.in = in;
        this.expressions = new ExpressionParser(in);
    }

    static List<Ast.Stmt> parse(String source, TemplateLimits limits) {
        Parser parser = new Parser(new Tokens(Lexer.tokens(source), limits.depth()));
        return parser.body(Set.of(), false);
    }

    /** Statements up to one of {@code ends}, whose name stays the current token; to the end of file when empty. */
    private List<Ast.Stmt> body(Set<String> ends, boolean inLoop) {
        in.enter();
        List<Ast.Stmt> body = new ArrayList<>();
        while (true) {
            Token token = in.current();
            switch (token.kind()) {
                case END -> {
                    if (!ends.isEmpty()) {
                        throw in.fault("the template ends inside a block; expected " + String.join(" or ", ends));
                    }
                    in.leave();
                    return body;
                }
                case DATA -> body.add(new Ast.Data(in.next().text(), token.line()));
                case VARIABLE_BEGIN -> {
                    in.next();
                    Ast.Expr value = expressions.tuple(true);
                    in.expect(Token.Kind.VARIABLE_END, "'}}'");
                    body.add(new Ast.Output(value, token.line()));
                }
                default -> {
                    in.next();
                    if (in.current().kind() == Token.Kind.NAME
                            && ends.contains(in.current().text())) {
                        in.leave();
                        return body;
                    }
                    body.add(statement(inLoop));
                    in.expect(Token.Kind.BLOCK_END, "'%}'");
                }
            }
        }
    }

    /** A body whose end tag is swallowed up to, not including, its {@code %}}. */
    private List<Ast.Stmt> bodyUntil(String end, boolean inLoop) {
        in.expect(Token.Kind.BLOCK_END, "'%}'");
        List<Ast.Stmt> body = body(Set.of(end), inLoop);
        in.next();
        return body;
    }

    private Ast.Stmt statement(boolean inLoop) {
        Token token = in.expect(Token.Kind.NAME, "a tag name");
        int line = token.line();
        return switch (token.text()) {
            case "if" -> ifStatement(line, inLoop);
            case "for" -> forStatement(line);
            case "set" -> setStatement(line, inLoop);
            case "macro" -> macroStatement(line);
            case "with" -> withStatement(line, inLoop);
            case "filter" -> {
                Ast.Expr filtered = expressions.filterChain(new Ast.Name(Ast.CAPTURED));
                yield new Ast.FilterBlock(filtered, bodyUntil("endfilter", inLoop), line);
            }
            case "generation" -> new Ast.Block(bodyUntil("endgeneration", inLoop), line);
            case "break" -> {
                requireLoop(inLoop, token);
                yield new Ast.Break(line);
            }
            case "continue" -> {
                requireLoop(inLoop, token);
                yield new Ast.Continue(line);
            }
            default -> throw new TemplateFault("unknown or unsupported tag " + quote(token.text()), line);
        };
    }

    private static String quote(String name) {
        return ingot.formats.Text.quote(name);
    }

    private static void requireLoop(boolean inLoop, Token token) {
        if (!inLoop) {
            throw new TemplateFault("'" + token.text() + "' outside a loop", token.line());
        }
    }

    private Ast.Stmt ifStatement(int line, boolean inLoop) {
        List<Ast.Branch> branches = new ArrayList<>();
        int at = line;
        while (true) {
            Ast.Expr test = expressions.tuple(false);
            in.expect(Token.Kind.BLOCK_END, "'%}'");
            branches.add(new Ast.Branch(test, body(Set.of("elif", "else", "endif"), inLoop), at));
            Token end = in.next();
            at = end.line();
            if (end.isName("endif")) {
                return new Ast.If(branches, List.of(), line);
            }
            if (end.isName("else")) {
                return new Ast.If(branches, bodyUntil("endif", inLoop), line);
            }
        }
    }

    private Ast.Stmt forStatement(int line) {
        Ast.Target target = expressions.target(true, false);
        in.expectName("in");
        Ast.Expr over = expressions.tuple(false);
        Ast.Expr test = in.skipName("if") ? expressions.expression() : null;
        if (in.current().isName("recursive")) {
            throw in.fault("recursive loops are not supported");
        }
        in.expect(Token.Kind.BLOCK_END, "'%}'");
        List<Ast.Stmt> body = body(Set.of("endfor", "else"), true);
        List<Ast.Stmt> otherwise = in.next().isName("else") ? bodyUntil("endfor", false) : List.of();
        return new Ast.For(target, over, test, body, otherwise, line);
    }

    private Ast.Stmt setStatement(int line, boolean inLoop) {
        Ast.Target target = expressions.target(true, true);
        if (in.skipOperator("=")) {
            return new Ast.Assign(target, expressions.tuple(true), line);
        }
        Ast.Expr captured = new Ast.Name(Ast.CAPTURED);
        Ast.Expr filtered = in.skipOperator("|") ? expressions.filterChain(captured) : captured;
        return new Ast.AssignBlock(target, filtered, bodyUntil("endset", inLoop), line);
    }

    private Ast.Stmt withStatement(int line, boolean inLoop) {
        List<Ast.Binding> bindings = new ArrayList<>();
        while (in.current().kind() != Token.Kind.BLOCK_END) {
            if (!bindings.isEmpty()) {
                in.expectOperator(",");
            }
            Ast.Target target = expressions.target(true, false);
            in.expectOperator("=");
            bindings.add(new Ast.Binding(target, expressions.expression()));
        }
        return new Ast.With(bindings, bodyUntil("endwith", inLoop), line);
    }

    private Ast.Stmt macroStatement(int line) {
        String name = in.expect(Token.Kind.NAME, "a macro name").text();
        in.expectOperator("(");
        List<Ast.Parameter> parameters = new ArrayList<>();
        while (!in.current().isOperator(")")) {
            if (!parameters.isEmpty()) {
                in.expectOperator(",");
            }
            String parameter = in.expect(Token.Kind.NAME, "a parameter name").text();
            if (parameters.stream().anyMatch(p -> p.name().equals(parameter))) {
                throw in.fault("duplicate parameter " + quote(parameter));
            }
            if (in.skipOperator("=")) {
                parameters.add(new Ast.Parameter(parameter, expressions.expression()));
            } else if (!parameters.isEmpty() && parameters.getLast().otherwise() != null) {
                throw in.fault("a parameter without default follows one with a default");
            } else {
                parameters.add(new Ast.Parameter(parameter, null));
            }
        }
        in.expectOperator(")");
        int from = in.position();
        List<Ast.Stmt> body = bodyUntil("endmacro", false);
        Ast.Extras extras = new Ast.Extras(in.mentions(from, "varargs"), in.mentions(from, "kwargs"));
        return new Ast.Macro(name, parameters, extras, body, line);
    }
}
