package ingot.runtime.template;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Filters that order or total a sequence; strings compare without case unless asked. */
final class OrderFilters {
    private OrderFilters() {}

    static void addTo(Map<String, Filters.Filter> all) {
        all.put("sort", OrderFilters::sort);
        all.put("dictsort", OrderFilters::dictsort);
        all.put("min", (run, v, args) -> extreme(run, v, args, -1));
        all.put("max", (run, v, args) -> extreme(run, v, args, 1));
        all.put("sum", OrderFilters::sum);
    }

    static Value ignoreCase(Run run, Value v) {
        if (v instanceof Value.Str s) {
            run.budget().string(s.text().length());
            return Value.Str.of(s.text().toLowerCase(Locale.ROOT));
        }
        return v;
    }

    private record Keyed(Value key, Value item) {}

    private static Keyed keyed(Run run, Value item, @Nullable Value attribute, boolean exact) {
        Value key = attribute == null ? item : SelectFilters.attribute(run, item, attribute);
        return new Keyed(exact ? key : ignoreCase(run, key), item);
    }

    private static Value sort(Run run, Value v, Args args) {
        Args.Bound a = args.bind("sort", 0, "reverse", "case_sensitive", "attribute");
        boolean exact = a.truth(1, false);
        List<Keyed> items = new ArrayList<>();
        for (Value item : Sequences.iterate(run, v)) {
            run.budget().elements(2);
            items.add(keys(run, item, a.some(2) ? a.at(2) : null, exact));
        }
        return sorted(run, items, a.truth(0, false));
    }

    /** The sort key: a list, one element per comma-separated attribute. */
    private static Keyed keys(Run run, Value item, @Nullable Value attribute, boolean exact) {
        List<Value> keys = new ArrayList<>();
        if (attribute instanceof Value.Str s) {
            for (String one : s.text().split(",", -1)) {
                keys.add(keyed(run, item, Value.Str.of(one), exact).key());
            }
        } else {
            keys.add(keyed(run, item, attribute, exact).key());
        }
        return new Keyed(Value.Seq.list(keys), item);
    }

    /** Stable in both directions, as Python's sorted(reverse=True). */
    private static Value sorted(Run run, List<Keyed> items, boolean reverse) {
        Comparator<Keyed> order = (x, y) -> {
            run.budget().work(1);
            return Compare.order(run, x.key(), y.key());
        };
        Sorting.sort(run, items, reverse ? order.reversed() : order);
        List<Value> out = new ArrayList<>(items.size());
        items.forEach(k -> out.add(k.item()));
        return Value.Seq.list(out);
    }

    private static Value dictsort(Run run, Value v, Args args) {
        Args.Bound a = args.bind("dictsort", 0, "case_sensitive", "by", "reverse");
        String by = a.has(1) ? a.text(1) : "key";
        if (!by.equals("key") && !by.equals("value")) {
            throw new TemplateFault("dictsort: by must be 'key' or 'value'");
        }
        if (!(v instanceof Dict d)) {
            throw v instanceof Value.Undefined u ? u.fault() : new TemplateFault("dictsort: not a mapping");
        }
        List<Keyed> items = new ArrayList<>();
        for (Dict.Entry e : d.entries()) {
            run.budget().elements(4);
            Value key = by.equals("key") ? e.key() : e.value();
            items.add(new Keyed(
                    a.truth(0, false) ? key : ignoreCase(run, key), Value.Seq.tuple(List.of(e.key(), e.value()))));
        }
        return sorted(run, items, a.truth(2, false));
    }

    private static Value extreme(Run run, Value v, Args args, int sign) {
        Args.Bound a = args.bind(sign < 0 ? "min" : "max", 0, "case_sensitive", "attribute");
        @Nullable Keyed best = null;
        for (Value item : Sequences.iterate(run, v)) {
            run.budget().work(1);
            Keyed now = keyed(run, item, a.some(1) ? a.at(1) : null, a.truth(0, false));
            if (best == null || Integer.signum(Compare.order(run, now.key(), best.key())) == sign) {
                best = now;
            }
        }
        return best == null ? new Value.Undefined("no aggregated item, the sequence is empty") : best.item();
    }

    private static Value sum(Run run, Value v, Args args) {
        Args.Bound a = args.bind("sum", 0, "attribute", "start");
        Value total = a.at(1, Value.Int.of(0));
        if (total instanceof Value.Str) {
            throw new TemplateFault("sum: strings cannot be summed; use join");
        }
        for (Value item : Sequences.iterate(run, v)) {
            run.budget().work(1);
            total = Arithmetic.binary(run, "+", total, a.some(0) ? SelectFilters.attribute(run, item, a.at(0)) : item);
        }
        return total;
    }
}
