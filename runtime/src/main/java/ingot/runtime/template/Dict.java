package ingot.runtime.template;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A Python dict: insertion order, keys compared as Python does ({@code 1}, {@code 1.0} and {@code True} are one key). */
final class Dict implements Value {
    record Entry(Value key, Value value) {}

    private final Map<Object, Entry> entries = new LinkedHashMap<>();

    /** Only for code that is still building the dict: a later value replaces, the first key stays. */
    void put(Run run, Value key, Value value) {
        run.budget().elements(2);
        entries.merge(hashable(run, key), new Entry(key, value), (old, now) -> new Entry(old.key(), now.value()));
    }

    @Nullable
    Value get(Run run, Value key) {
        Entry entry = entries.get(hashable(run, key));
        return entry == null ? null : entry.value();
    }

    @Nullable
    Value get(String key) {
        Entry entry = entries.get(key);
        return entry == null ? null : entry.value();
    }

    Collection<Entry> entries() {
        return entries.values();
    }

    int size() {
        return entries.size();
    }

    List<Value> keys() {
        List<Value> keys = new ArrayList<>(size());
        entries.values().forEach(e -> keys.add(e.key()));
        return keys;
    }

    List<Value> values() {
        List<Value> values = new ArrayList<>(size());
        entries.values().forEach(e -> values.add(e.value()));
        return values;
    }

    /** (key, value) tuples. */
    List<Value> items() {
        List<Value> items = new ArrayList<>(size());
        entries.values().forEach(e -> items.add(Seq.tuple(List.of(e.key(), e.value()))));
        return items;
    }

    /** A Java key with the equality Python gives the value; unhashable values are refused. */
    static Object hashable(Run run, Value key) {
        return switch (key) {
            case Str s -> {
                run.budget().scan(s.text().length());
                yield s.text();
            }
            case Bool b -> b.value() ? BigInteger.ONE : BigInteger.ZERO;
            case Int i -> i.value();
            case Real r -> number(r.value());
            case Seq s
            when s.kind() == Kind.TUPLE -> {
                run.budget().enter();
                List<Object> parts = new ArrayList<>();
                for (Value v : s.items()) {
                    run.budget().work(1);
                    parts.add(hashable(run, v));
                }
                run.budget().leave();
                yield parts;
            }
            case None n -> n;
            case Undefined u -> Undefined.class;
            case Range r -> r;
            case Function f -> f;
            case Namespace n -> n;
            case Loop l -> l;
            case Stream s -> s;
            case Seq s -> throw new TemplateFault("unhashable type: '" + s.kind().type + "'");
            case Dict d -> throw new TemplateFault("unhashable type: 'dict'");
        };
    }

    private static Object number(double value) {
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            return value;
        }
        return value == Math.rint(value) ? new BigDecimal(value).toBigInteger() : (Object) value;
    }
}
