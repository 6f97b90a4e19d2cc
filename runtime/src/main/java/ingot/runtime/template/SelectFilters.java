package ingot.runtime.template;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Filters that walk a sequence: {@code map}, {@code select} and their kin, {@code first}, {@code list} and the like. */
final class SelectFilters {
    private SelectFilters() {}

    static void addTo(Map<String, Filters.Filter> all) {
        all.put("map", SelectFilters::map);
        all.put("select", (run, v, args) -> select(run, v, args, false, true));
        all.put("reject", (run, v, args) -> select(run, v, args, false, false));
        all.put("selectattr", (run, v, args) -> select(run, v, args, true, true));
        all.put("rejectattr", (run, v, args) -> select(run, v, args, true, false));
        all.put("attr", (run, v, args) -> {
            String name = args.bind("attr", 1, "name").text(0);
            return v instanceof Dict d && CollectionMethods.find(d, name) == null
                    ? new Value.Undefined("'dict object' has no attribute " + ingot.formats.Text.quote(name))
                    : Attributes.get(run, v, name);
        });
        all.put("list", (run, v, args) -> Value.Seq.list(Sequences.copy(run, v)));
        all.put("first", (run, v, args) -> {
            Iterator<Value> items = Sequences.iterate(run, v).iterator();
            return items.hasNext() ? items.next() : new Value.Undefined("no first item, the sequence is empty");
        });
        all.put("last", (run, v, args) -> {
            if (v instanceof Value.Stream) {
                throw new TemplateFault("last: a generator cannot be reversed");
            }
            List<Value> items = Sequences.list(run, v);
            return items.isEmpty() ? new Value.Undefined("no last item, the sequence is empty") : items.getLast();
        });
        all.put("items", SelectFilters::items);
        all.put(
                "reverse",
                (run, v, args) -> v instanceof Value.Str s
                        ? Sequences.slice(run, s, Value.None.NONE, Value.None.NONE, Value.Int.of(-1))
                        : new Value.Stream(Sequences.copy(run, v).reversed().iterator()));
        all.put("batch", SelectFilters::batch);
        all.put("unique", SelectFilters::unique);
    }

    /** Looks up an attribute path ({@code "a.b.0"}) or an index, by subscripts. */
    static Value attribute(Run run, Value item, Value path) {
        if (!(path instanceof Value.Str s)) {
            return Attributes.item(run, item, path);
        }
        Value value = item;
        for (String part : s.text().split("\\.", -1)) {
            run.budget().work(1);
            boolean index =
                    !part.isEmpty() && part.length() < 10 && part.chars().allMatch(c -> c >= '0' && c <= '9');
            value = Attributes.item(run, value, index ? new Value.Int(new BigInteger(part)) : Value.Str.of(part));
        }
        return value;
    }

    private static Value items(Run run, Value v, Args args) {
        return switch (v) {
            case Value.Undefined u -> new Value.Stream(List.<Value>of().iterator());
            case Dict d -> {
                run.budget().elements(3L * d.size());
                yield new Value.Stream(d.items().iterator());
            }
            default -> throw new TemplateFault("items: not a mapping");
        };
    }

    private static Value map(Run run, Value v, Args args) {
        if (!Compare.truth(v)) {
            return new Value.Stream(List.<Value>of().iterator());
        }
        return lazily(run, v, mapping(run, args), item -> true);
    }

    private static Function<Value, Value> mapping(Run run, Args args) {
        if (args.positional().isEmpty() && args.named().containsKey("attribute")) {
            Args.Bound a = args.bind("map", 0, "attribute", "default");
            return item -> {
                Value found = attribute(run, item, a.at(0));
                return found instanceof Value.Undefined && a.some(1) ? a.at(1) : found;
            };
        }
        if (args.positional().isEmpty() || !(args.positional().getFirst() instanceof Value.Str name)) {
            throw new TemplateFault("map needs the name of a filter");
        }
        Filters.@Nullable Filter filter = Filters.find(name.text());
        if (filter == null) {
            throw new TemplateFault("no filter named " + ingot.formats.Text.quote(name.text()));
        }
        Args rest = new Args(args.positional().subList(1, args.positional().size()), args.named());
        return item -> nested(run, () -> filter.apply(run, item, rest));
    }

    /** Filters may call filters ({@code map('map', …)}): the depth is bounded here. */
    private static <T> T nested(Run run, java.util.function.Supplier<T> call) {
        run.budget().enter();
        T result = call.get();
        run.budget().leave();
        return result;
    }

    private static Value select(Run run, Value v, Args args, boolean byAttribute, boolean keep) {
        if (!Compare.truth(v)) {
            return new Value.Stream(List.<Value>of().iterator());
        }
        List<Value> given = args.positional();
        int at = byAttribute ? 1 : 0;
        if (given.size() < at) {
            throw new TemplateFault("missing parameter for attribute name");
        }
        Predicate<Value> test = Compare::truth;
        if (given.size() > at) {
            Tests.@Nullable Test named = given.get(at) instanceof Value.Str s ? Tests.find(s.text()) : null;
            if (named == null) {
                throw new TemplateFault("no test of that name: " + PyText.repr(run, given.get(at)));
            }
            Args rest = new Args(given.subList(at + 1, given.size()), args.named());
            test = item -> nested(run, () -> named.holds(run, item, rest));
        }
        Predicate<Value> chosen = test;
        return lazily(
                run,
                v,
                item -> item,
                item -> chosen.test(byAttribute ? attribute(run, item, given.getFirst()) : item) == keep);
    }

    /** A generator: nothing is computed before it is asked for, so errors come where Python's come. */
    private static Value lazily(Run run, Value v, Function<Value, Value> map, Predicate<Value> keep) {
        Iterator<Value> source = Sequences.iterate(run, v).iterator();
        return new Value.Stream(new Iterator<>() {
            private @Nullable Value ahead;

            @Override
            public boolean hasNext() {
                run.budget().enter(); // generators over generators: the chain is as deep as its reading
                while (ahead == null && source.hasNext()) {
                    run.budget().work(1);
                    Value item = source.next();
                    ahead = keep.test(item) ? map.apply(item) : null;
                }
                run.budget().leave();
                return ahead != null;
            }

            @Override
            public Value next() {
                if (!hasNext()) {
                    throw new NoSuchElementException();
                }
                Value item = java.util.Objects.requireNonNull(ahead);
                ahead = null;
                return item;
            }
        });
    }

    private static Value batch(Run run, Value v, Args args) {
        Args.Bound a = args.bind("batch", 1, "linecount", "fill_with");
        long size = a.integer(0);
        List<Value> batches = new ArrayList<>();
        List<Value> current = new ArrayList<>();
        for (Value item : Sequences.iterate(run, v)) {
            run.budget().elements(2);
            if (current.size() == size) {
                batches.add(Value.Seq.list(current));
                current = new ArrayList<>();
            }
            current.add(item);
        }
        if (!current.isEmpty()) {
            run.budget().elements(a.some(1) ? Math.max(0, size - current.size()) : 0);
            while (a.some(1) && current.size() < size) {
                current.add(a.at(1));
            }
            batches.add(Value.Seq.list(current));
        }
        return new Value.Stream(batches.iterator());
    }

    private static Value unique(Run run, Value v, Args args) {
        Args.Bound a = args.bind("unique", 0, "case_sensitive", "attribute");
        boolean exact = a.truth(0, false);
        List<Value> kept = new ArrayList<>();
        java.util.Set<Object> seen = new java.util.HashSet<>();
        for (Value item : Sequences.iterate(run, v)) {
            run.budget().elements(2);
            Value key = a.some(1) ? attribute(run, item, a.at(1)) : item;
            if (seen.add(Dict.hashable(run, exact ? key : OrderFilters.ignoreCase(run, key)))) {
                kept.add(item);
            }
        }
        return new Value.Stream(kept.iterator());
    }
}
