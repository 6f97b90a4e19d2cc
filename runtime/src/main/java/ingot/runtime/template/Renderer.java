package ingot.runtime.template;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Runs statements and collects their text. */
final class Renderer {
    /** How a statement list ended. */
    private enum Flow {
        ON,
        BREAK,
        CONTINUE
    }

    private final Run run;
    private final Evaluator evaluator;

    Renderer(Run run) {
        this.run = run;
        this.evaluator = new Evaluator(run);
    }

    String render(List<Ast.Stmt> body) {
        return capture(body, new Scope(null));
    }

    private String capture(List<Ast.Stmt> body, Scope scope) {
        StringBuilder out = new StringBuilder();
        runAll(body, scope, out);
        return out.toString();
    }

    private void emit(StringBuilder out, String text) {
        run.budget().output(out.length(), text.length());
        out.append(text);
    }

    private Flow runAll(List<Ast.Stmt> body, Scope scope, StringBuilder out) {
        run.budget().enter();
        Flow flow = Flow.ON;
        for (Ast.Stmt stmt : body) {
            run.budget().work(1);
            run.at(stmt.line());
            flow = one(stmt, scope, out);
            if (flow != Flow.ON) {
                break;
            }
        }
        run.budget().leave();
        return flow;
    }

    private Flow one(Ast.Stmt stmt, Scope scope, StringBuilder out) {
        switch (stmt) {
            case Ast.Data d -> emit(out, d.text());
            case Ast.Output o -> emit(out, PyText.str(run, evaluator.eval(o.value(), scope)));
            case Ast.If i -> {
                return branch(i, scope, out);
            }
            case Ast.For f -> loop(f, scope, out);
            case Ast.Assign a -> assign(a.target(), evaluator.eval(a.value(), scope), scope);
            case Ast.AssignBlock a -> assign(a.target(), filtered(a.filtered(), a.body(), scope), scope);
            case Ast.FilterBlock f -> emit(out, PyText.str(run, filtered(f.filtered(), f.body(), scope)));
            case Ast.With w -> {
                Scope inner = new Scope(scope);
                for (Ast.Binding b : w.bindings()) {
                    assign(b.target(), evaluator.eval(b.value(), scope), inner);
                }
                return runAll(w.body(), inner, out);
            }
            case Ast.Macro m ->
                scope.set(m.name(), new Value.Function(m.name(), (r, args) -> Value.Str.of(call(m, scope, args))));
            case Ast.Block b -> {
                return runAll(b.body(), scope, out);
            }
            case Ast.Break b -> {
                return Flow.BREAK;
            }
            case Ast.Continue c -> {
                return Flow.CONTINUE;
            }
        }
        return Flow.ON;
    }

    private Flow branch(Ast.If i, Scope scope, StringBuilder out) {
        for (Ast.Branch b : i.branches()) {
            run.at(b.line());
            if (Compare.truth(evaluator.eval(b.test(), scope))) {
                return runAll(b.body(), scope, out);
            }
        }
        return runAll(i.otherwise(), scope, out);
    }

    private Value filtered(Ast.Expr filters, List<Ast.Stmt> body, Scope scope) {
        Scope inner = new Scope(scope);
        String text = capture(body, new Scope(scope));
        inner.set(Ast.CAPTURED, Value.Str.of(text));
        return evaluator.eval(filters, inner);
    }

    private void loop(Ast.For f, Scope scope, StringBuilder out) {
        List<Value> items = Sequences.list(run, evaluator.eval(f.over(), scope));
        if (f.test() != null) {
            items = kept(f, f.test(), items, scope);
        }
        Loop loop = new Loop(items);
        boolean completed = false; // jinja2 takes the else branch unless one round ran to its end, whatever the break
        for (Value item : items) {
            run.budget().work(1);
            loop.advance();
            Scope inner = new Scope(scope);
            inner.set("loop", loop);
            assign(f.target(), item, inner);
            Flow flow = runAll(f.body(), inner, out);
            completed |= flow == Flow.ON;
            if (flow == Flow.BREAK) {
                break;
            }
        }
        if (!completed) {
            runAll(f.otherwise(), new Scope(scope), out);
        }
    }

    /** The items that pass the inline {@code if}; {@code loop} counts only these. */
    private List<Value> kept(Ast.For f, Ast.Expr test, List<Value> items, Scope scope) {
        List<Value> kept = new ArrayList<>();
        for (Value item : items) {
            run.budget().elements(1);
            Scope inner = new Scope(scope);
            assign(f.target(), item, inner);
            if (Compare.truth(evaluator.eval(test, inner))) {
                kept.add(item);
            }
        }
        return kept;
    }

    private void assign(Ast.Target target, Value value, Scope scope) {
        switch (target) {
            case Ast.NameTarget n -> scope.set(n.name(), value);
            case Ast.NamespaceTarget n -> {
                if (!(evaluator.eval(new Ast.Name(n.namespace()), scope) instanceof Namespace ns)) {
                    throw new TemplateFault("cannot assign an attribute of a value that is no namespace");
                }
                run.budget().elements(1);
                ns.attributes().put(n.attribute(), value);
            }
            case Ast.TupleTarget t -> {
                run.budget().enter();
                Iterator<Value> values = Sequences.iterate(run, value).iterator();
                for (Ast.Target part : t.targets()) {
                    if (!values.hasNext()) {
                        throw new TemplateFault("not enough values to unpack");
                    }
                    assign(part, values.next(), scope);
                }
                if (values.hasNext()) {
                    throw new TemplateFault("too many values to unpack");
                }
                run.budget().leave();
            }
        }
    }

    private String call(Ast.Macro m, Scope defined, Args args) {
        int line = run.line();
        run.budget().enter();
        Scope scope = new Scope(defined);
        List<Value> surplus = new ArrayList<>();
        Map<String, Value> named = new LinkedHashMap<>(args.named());
        for (int i = 0; i < Math.max(m.parameters().size(), args.positional().size()); i++) {
            if (i >= m.parameters().size()) {
                surplus.add(args.positional().get(i));
            } else {
                scope.set(m.parameters().get(i).name(), parameter(m.parameters().get(i), i, args, named, scope));
            }
        }
        extras(m, surplus, named, scope);
        String text = capture(m.body(), scope);
        run.budget().leave();
        run.at(line);
        return text;
    }

    private Value parameter(Ast.Parameter p, int index, Args args, Map<String, Value> named, Scope scope) {
        Value byName = named.remove(p.name());
        if (index < args.positional().size()) {
            if (byName != null) {
                throw new TemplateFault("macro parameter '" + p.name() + "' is given twice");
            }
            return args.positional().get(index);
        }
        if (byName != null) {
            return byName;
        }
        return p.otherwise() == null
                ? new Value.Undefined("parameter '" + p.name() + "' was not provided")
                : evaluator.eval(p.otherwise(), scope);
    }

    private void extras(Ast.Macro m, List<Value> surplus, Map<String, Value> named, Scope scope) {
        if (m.extras().varargs()) {
            scope.set("varargs", Value.Seq.tuple(surplus));
        } else if (!surplus.isEmpty()) {
            throw new TemplateFault("macro '" + m.name() + "' takes not more than "
                    + m.parameters().size() + " argument(s)");
        }
        if (m.extras().kwargs()) {
            Dict kwargs = new Dict();
            named.forEach((name, value) -> kwargs.put(run, Value.Str.of(name), value));
            scope.set("kwargs", kwargs);
        } else if (!named.isEmpty()) {
            throw new TemplateFault("macro '" + m.name() + "' takes no keyword argument '"
                    + named.keySet().iterator().next() + "'");
        }
    }
}
