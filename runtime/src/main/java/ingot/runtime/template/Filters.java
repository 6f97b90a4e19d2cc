package ingot.runtime.template;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The filters by name. */
final class Filters {
    interface Filter {
        Value apply(Run run, Value input, Args args);
    }

    private static final Map<String, Filter> ALL = all();

    private Filters() {}

    static @Nullable Filter find(String name) {
        return ALL.get(name);
    }

    private static Map<String, Filter> all() {
        Map<String, Filter> all = new HashMap<>();
        TextFilters.addTo(all);
        SelectFilters.addTo(all);
        OrderFilters.addTo(all);
        all.put("abs", (run, v, args) -> Numbers.abs(v));
        all.put("int", Numbers::toInt);
        all.put("float", Numbers::toFloat);
        all.put("round", Numbers::round);
        all.put("default", Filters::otherwise);
        all.put("d", Filters::otherwise);
        all.put("length", (run, v, args) -> Value.Int.of(Sequences.length(run, v)));
        all.put("count", (run, v, args) -> Value.Int.of(Sequences.length(run, v)));
        all.put("tojson", (run, v, args) -> Value.Str.of(JsonText.dumps(run, v, args)));
        return Map.copyOf(all);
    }

    private static Value otherwise(Run run, Value v, Args args) {
        Args.Bound a = args.bind("default", 0, "default_value", "boolean");
        boolean replace = v instanceof Value.Undefined || (a.truth(1, false) && !Compare.truth(v));
        return replace ? a.at(0, Value.EMPTY) : v;
    }
}
