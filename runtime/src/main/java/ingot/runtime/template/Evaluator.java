package ingot.runtime.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Evaluates expressions. Every node costs a step, and the depth of the recursion is metered. */
final class Evaluator {
    private final Run run;

    Evaluator(Run run) {
        this.run = run;
    }

    Value eval(Ast.Expr expr, Scope scope) {
        run.budget().work(1);
        run.budget().enter();
        Value value = switch (expr) {
            case Ast.Const c -> c.value();
            case Ast.Name n -> name(n.name(), scope);
            case Ast.Items items -> new Value.Seq(items.kind(), all(items.items(), scope));
            case Ast.DictItems d -> dict(d, scope);
            case Ast.Attribute a -> Attributes.get(run, eval(a.of(), scope), a.name());
            case Ast.Subscript s -> subscript(s, scope);
            case Ast.Slice s -> throw new TemplateFault("a slice inside a tuple of subscripts");
            case Ast.Call c -> call(c, scope);
            case Ast.Filtered f -> f.filter().apply(run, eval(f.input(), scope), arguments(f.arguments(), scope));
            case Ast.Tested t -> Value.of(t.test().holds(run, eval(t.input(), scope), arguments(t.arguments(), scope)));
            case Ast.Conditional c -> conditional(c, scope);
            case Ast.Unary u -> Arithmetic.unary(run, u.operator(), eval(u.operand(), scope));
            case Ast.Not n -> Value.of(!Compare.truth(eval(n.operand(), scope)));
            case Ast.Binary b -> Arithmetic.binary(run, b.operator(), eval(b.left(), scope), eval(b.right(), scope));
            case Ast.Logic l -> logic(l, scope);
            case Ast.Concat c -> concat(c, scope);
            case Ast.Comparison c -> comparison(c, scope);
        };
        run.budget().leave();
        return value;
    }

    private Value name(String name, Scope scope) {
        Value value = scope.find(name);
        if (value == null) {
            value = run.context().get(name);
        }
        if (value == null) {
            value = Globals.find(name);
        }
        return value == null ? new Value.Undefined(ingot.formats.Text.quote(name) + " is undefined") : value;
    }

    private List<Value> all(List<Ast.Expr> items, Scope scope) {
        run.budget().elements(items.size());
        List<Value> values = new ArrayList<>(items.size());
        for (Ast.Expr item : items) {
            values.add(eval(item, scope));
        }
        return values;
    }

    private Value dict(Ast.DictItems items, Scope scope) {
        Dict dict = new Dict();
        for (Ast.Pair pair : items.pairs()) {
            dict.put(run, eval(pair.key(), scope), eval(pair.value(), scope));
        }
        return dict;
    }

    private Value subscript(Ast.Subscript s, Scope scope) {
        Value of = eval(s.of(), scope);
        if (s.key() instanceof Ast.Slice slice) {
            return Sequences.slice(
                    run, of, bound(slice.start(), scope), bound(slice.stop(), scope), bound(slice.step(), scope));
        }
        return Attributes.item(run, of, eval(s.key(), scope));
    }

    private Value bound(Ast.@Nullable Expr expr, Scope scope) {
        return expr == null ? Value.None.NONE : eval(expr, scope);
    }

    private Value call(Ast.Call c, Scope scope) {
        Value callee = eval(c.callee(), scope);
        Args args = arguments(c.arguments(), scope);
        return switch (callee) {
            case Value.Function f -> f.body().call(run, args);
            case Value.Undefined u -> throw u.fault();
            default -> throw new TemplateFault("'" + Types.name(callee) + "' object is not callable");
        };
    }

    private Args arguments(Ast.Arguments a, Scope scope) {
        if (a.isEmpty()) {
            return Args.NONE;
        }
        List<Value> positional = all(a.positional(), scope);
        Map<String, Value> named = new LinkedHashMap<>();
        for (Ast.Named n : a.named()) {
            if (named.put(n.name(), eval(n.value(), scope)) != null) {
                throw new TemplateFault("keyword argument repeated: " + ingot.formats.Text.quote(n.name()));
            }
        }
        if (a.spread() != null) {
            for (Value v : Sequences.iterate(run, eval(a.spread(), scope))) {
                run.budget().elements(1);
                positional.add(v);
            }
        }
        if (a.spreadNamed() != null) {
            if (!(eval(a.spreadNamed(), scope) instanceof Dict d)) {
                throw new TemplateFault("the argument after ** must be a mapping");
            }
            for (Dict.Entry e : d.entries()) {
                run.budget().elements(1);
                if (!(e.key() instanceof Value.Str s) || named.put(s.text(), e.value()) != null) {
                    throw new TemplateFault("keywords after ** must be strings that are not given twice");
                }
            }
        }
        return new Args(positional, named);
    }

    private Value conditional(Ast.Conditional c, Scope scope) {
        if (Compare.truth(eval(c.test(), scope))) {
            return eval(c.then(), scope);
        }
        return c.otherwise() == null
                ? new Value.Undefined("the inline if-expression evaluated to false and has no else")
                : eval(c.otherwise(), scope);
    }

    private Value logic(Ast.Logic l, Scope scope) {
        Value left = eval(l.left(), scope);
        return Compare.truth(left) == l.isAnd() ? eval(l.right(), scope) : left;
    }

    private Value concat(Ast.Concat c, Scope scope) {
        StringBuilder out = new StringBuilder();
        for (Ast.Expr part : c.parts()) {
            String text = PyText.str(run, eval(part, scope));
            run.budget().output(out.length(), text.length());
            out.append(text);
        }
        return Value.Str.of(out.toString());
    }

    private Value comparison(Ast.Comparison c, Scope scope) {
        Value left = eval(c.first(), scope);
        for (Ast.Link link : c.links()) {
            Value right = eval(link.right(), scope);
            if (!Compare.holds(run, link.operator(), left, right)) {
                return Value.FALSE;
            }
            left = right;
        }
        return Value.TRUE;
    }
}
