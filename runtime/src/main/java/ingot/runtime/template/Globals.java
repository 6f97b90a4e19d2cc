package ingot.runtime.template;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The functions a chat template may call: jinja2's harmless ones and those transformers adds. */
final class Globals {
    /** The sandbox of jinja2 refuses longer ranges. */
    private static final long MAX_RANGE = 100_000;

    private static final Map<String, Value> FUNCTIONS = Map.of(
            "range", new Value.Function("range", Globals::range),
            "namespace", new Value.Function("namespace", Globals::namespace),
            "dict", new Value.Function("dict", Globals::dict),
            "raise_exception", new Value.Function("raise_exception", Globals::raise),
            "strftime_now", new Value.Function("strftime_now", Globals::strftimeNow));

    private Globals() {}

    static @Nullable Value find(String name) {
        return FUNCTIONS.get(name);
    }

    private static Value range(Run run, Args args) {
        Args.Bound a = args.bind("range", 1, "start", "stop", "step");
        if (!args.named().isEmpty()) {
            throw new TemplateFault("range() takes no keyword arguments");
        }
        long start = a.has(1) ? a.integer(0) : 0;
        long stop = a.has(1) ? a.integer(1) : a.integer(0);
        long step = a.has(2) ? a.integer(2) : 1;
        if (step == 0) {
            throw new TemplateFault("range() step must not be zero");
        }
        if (Math.max(Math.abs(start), Math.max(Math.abs(stop), Math.abs(step))) > Long.MAX_VALUE / 4) {
            throw new TemplateFault("range() bounds are too large");
        }
        long size = step > 0
                ? (stop > start ? (stop - start - 1) / step + 1 : 0)
                : (start > stop ? (start - stop - 1) / -step + 1 : 0);
        if (size > MAX_RANGE) {
            throw new TemplateFault("a range of " + size + " elements; at most " + MAX_RANGE + " are allowed");
        }
        return new Value.Range(start, stop, step, (int) size);
    }

    private static Value namespace(Run run, Args args) {
        Namespace ns = new Namespace();
        Dict dict = (Dict) dict(run, args);
        for (Dict.Entry e : dict.entries()) {
            ns.attributes().put(PyText.str(run, e.key()), e.value());
        }
        return ns;
    }

    private static Value dict(Run run, Args args) {
        Dict dict = new Dict();
        if (args.positional().size() > 1) {
            throw new TemplateFault("dict() takes at most one positional argument");
        }
        if (!args.positional().isEmpty()) {
            switch (args.positional().getFirst()) {
                case Dict d -> d.entries().forEach(e -> dict.put(run, e.key(), e.value()));
                case Value pairs -> {
                    for (Value pair : Sequences.iterate(run, pairs)) {
                        List<Value> two = Sequences.list(run, pair);
                        if (two.size() != 2) {
                            throw new TemplateFault("dict() expects pairs");
                        }
                        dict.put(run, two.get(0), two.get(1));
                    }
                }
            }
        }
        args.named().forEach((name, value) -> dict.put(run, Value.Str.of(name), value));
        return dict;
    }

    private static Value raise(Run run, Args args) {
        String message =
                PyText.str(run, args.bind("raise_exception", 1, "message").at(0));
        throw new TemplateFault("the template raises: " + message.substring(0, Math.min(message.length(), 500)));
    }

    private static Value strftimeNow(Run run, Args args) {
        return run.string(
                Strftime.format(run, args.bind("strftime_now", 1, "format").text(0)));
    }
}
