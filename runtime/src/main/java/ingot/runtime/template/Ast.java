package ingot.runtime.template;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The compiled template: statements over expressions. Only statements carry lines (1-based). */
final class Ast {
    private Ast() {}

    sealed interface Expr {}

    record Const(Value value) implements Expr {}

    record Name(String name) implements Expr {}

    record Items(Value.Kind kind, List<Expr> items) implements Expr {}

    record DictItems(List<Pair> pairs) implements Expr {}

    record Pair(Expr key, Expr value) {}

    record Attribute(Expr of, String name) implements Expr {}

    record Subscript(Expr of, Expr key) implements Expr {}

    record Slice(
            @Nullable Expr start,
            @Nullable Expr stop,
            @Nullable Expr step) implements Expr {}

    record Call(Expr callee, Arguments arguments) implements Expr {}

    record Filtered(Expr input, String name, Filters.Filter filter, Arguments arguments) implements Expr {}

    record Tested(Expr input, String name, Tests.Test test, Arguments arguments) implements Expr {}

    record Conditional(Expr test, Expr then, @Nullable Expr otherwise) implements Expr {}

    record Unary(char operator, Expr operand) implements Expr {}

    record Not(Expr operand) implements Expr {}

    record Binary(String operator, Expr left, Expr right) implements Expr {}

    /** {@code a and b} or {@code a or b}: gives an operand, as in Python. */
    record Logic(boolean isAnd, Expr left, Expr right) implements Expr {}

    record Concat(List<Expr> parts) implements Expr {}

    record Comparison(Expr first, List<Link> links) implements Expr {}

    record Link(String operator, Expr right) {}

    record Arguments(
            List<Expr> positional,
            List<Named> named,
            @Nullable Expr spread,
            @Nullable Expr spreadNamed) {
        static final Arguments NONE = new Arguments(List.of(), List.of(), null, null);

        boolean isEmpty() {
            return positional.isEmpty() && named.isEmpty() && spread == null && spreadNamed == null;
        }
    }

    record Named(String name, Expr value) {}

    sealed interface Stmt {
        int line();
    }

    record Data(String text, int line) implements Stmt {}

    record Output(Expr value, int line) implements Stmt {}

    record If(List<Branch> branches, List<Stmt> otherwise, int line) implements Stmt {}

    record Branch(Expr test, List<Stmt> body, int line) {}

    record For(Target target, Expr over, @Nullable Expr test, List<Stmt> body, List<Stmt> otherwise, int line)
            implements Stmt {}

    record Assign(Target target, Expr value, int line) implements Stmt {}

    /** {@code set name}…{@code endset}; the filters are applied to {@link #CAPTURED}. */
    record AssignBlock(Target target, Expr filtered, List<Stmt> body, int line) implements Stmt {}

    /** {@code filter …}…{@code endfilter}; the filters are applied to {@link #CAPTURED}. */
    record FilterBlock(Expr filtered, List<Stmt> body, int line) implements Stmt {}

    /** The name under which a captured body is handed to filters; no template can write it. */
    static final String CAPTURED = "<captured>";

    record With(List<Binding> bindings, List<Stmt> body, int line) implements Stmt {}

    record Binding(Target target, Expr value) {}

    record Macro(String name, List<Parameter> parameters, Extras extras, List<Stmt> body, int line) implements Stmt {}

    record Parameter(String name, @Nullable Expr otherwise) {}

    /** Whether a macro body mentions {@code varargs} and {@code kwargs}, and so accepts surplus arguments. */
    record Extras(boolean varargs, boolean kwargs) {}

    /** {@code do}-less grouping: {@code generation} and {@code if}-less bodies. */
    record Block(List<Stmt> body, int line) implements Stmt {}

    record Break(int line) implements Stmt {}

    record Continue(int line) implements Stmt {}

    sealed interface Target {}

    record NameTarget(String name) implements Target {}

    record NamespaceTarget(String namespace, String attribute) implements Target {}

    record TupleTarget(List<Target> targets) implements Target {}
}
