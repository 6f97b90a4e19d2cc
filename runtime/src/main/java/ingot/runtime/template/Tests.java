package ingot.runtime.template;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The tests of {@code is} by name. */
final class Tests {
    interface Test {
        boolean holds(Run run, Value input, Args args);
    }

    private static final Map<String, Test> ALL = all();

    private Tests() {}

    static @Nullable Test find(String name) {
        return ALL.get(name);
    }

    private static Map<String, Test> all() {
        Map<String, Test> all = new HashMap<>();
        all.put("defined", plain(v -> !(v instanceof Value.Undefined)));
        all.put("undefined", plain(v -> v instanceof Value.Undefined));
        all.put("none", plain(v -> v == Value.None.NONE));
        all.put("boolean", plain(v -> v instanceof Value.Bool));
        all.put("true", plain(v -> v instanceof Value.Bool b && b.value()));
        all.put("false", plain(v -> v instanceof Value.Bool b && !b.value()));
        all.put("integer", plain(v -> v instanceof Value.Int));
        all.put("float", plain(v -> v instanceof Value.Real));
        all.put("number", plain(Compare::isNumber));
        all.put("string", plain(v -> v instanceof Value.Str));
        all.put("mapping", plain(v -> v instanceof Dict));
        all.put("iterable", plain(Sequences::isIterable));
        all.put("sequence", plain(Tests::isSequence));
        all.put("callable", plain(v -> v instanceof Value.Function || v instanceof Value.Undefined));
        all.put("escaped", plain(v -> v instanceof Value.Str s && s.markup()));
        all.put("lower", (run, v, args) -> Casing.is("islower", PyText.str(run, v)));
        all.put("upper", (run, v, args) -> Casing.is("isupper", PyText.str(run, v)));
        all.put("odd", (run, v, args) -> remainder(run, v, Value.Int.of(2), 1));
        all.put("even", (run, v, args) -> remainder(run, v, Value.Int.of(2), 0));
        all.put(
                "divisibleby",
                (run, v, args) ->
                        remainder(run, v, args.bind("divisibleby", 1, "num").at(0), 0));
        all.put(
                "sameas",
                (run, v, args) -> same(v, args.bind("sameas", 1, "other").at(0)));
        all.put("filter", (run, v, args) -> v instanceof Value.Str s && Filters.find(s.text()) != null);
        all.put("test", (run, v, args) -> v instanceof Value.Str s && find(s.text()) != null);
        compare(all, "==", "eq", "equalto", "==");
        compare(all, "!=", "ne", "!=");
        compare(all, "<", "lt", "lessthan", "<");
        compare(all, "<=", "le", "<=");
        compare(all, ">", "gt", "greaterthan", ">");
        compare(all, ">=", "ge", ">=");
        compare(all, "in", "in");
        return Map.copyOf(all);
    }

    private interface Plain {
        boolean holds(Value v);
    }

    private static Test plain(Plain test) {
        return (run, v, args) -> {
            args.bind("this test", 0);
            return test.holds(v);
        };
    }

    private static void compare(Map<String, Test> all, String operator, String... names) {
        for (String name : names) {
            all.put(
                    name,
                    (run, v, args) -> Compare.holds(
                            run, operator, v, args.bind(name, 1, "other").at(0)));
        }
    }

    /** Has a length and subscripts; an undefined value has both. */
    private static boolean isSequence(Value v) {
        return v instanceof Value.Str
                || v instanceof Value.Range
                || v instanceof Dict
                || v instanceof Value.Undefined
                || (v instanceof Value.Seq s && !s.kind().isView());
    }

    private static boolean remainder(Run run, Value v, Value by, long expected) {
        return Compare.equal(run, Arithmetic.binary(run, "%", v, by), Value.Int.of(expected));
    }

    /** Identity; small values, which Python interns, by equality within one type. */
    private static boolean same(Value a, Value b) {
        return switch (a) {
            case Value.Bool x -> x.equals(b);
            case Value.Int i -> i.equals(b);
            case Value.Str s -> s.equals(b);
            default -> Compare.identical(a, b);
        };
    }
}
