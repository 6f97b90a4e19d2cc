package ingot.runtime.template;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;

/** Truth, equality, order and membership as in Python. */
final class Compare {
    private Compare() {}

    static boolean truth(Value value) {
        return switch (value) {
            case Value.Undefined u -> false;
            case Value.None n -> false;
            case Value.Bool b -> b.value();
            case Value.Int i -> i.value().signum() != 0;
            case Value.Real r -> r.value() != 0;
            case Value.Str s -> !s.text().isEmpty();
            case Value.Seq s -> !s.items().isEmpty();
            case Value.Range r -> r.size() > 0;
            case Dict d -> d.size() > 0;
            case Namespace n -> true;
            case Loop l -> true;
            case Value.Stream s -> true;
            case Value.Function f -> true;
        };
    }

    static boolean isNumber(Value value) {
        return value instanceof Value.Int || value instanceof Value.Real || value instanceof Value.Bool;
    }

    static boolean equal(Run run, Value a, Value b) {
        if (isNumber(a) && isNumber(b)) {
            return !isNan(a) && !isNan(b) && compareNumbers(a, b) == 0;
        }
        return switch (a) {
            case Value.Str s
            when b instanceof Value.Str t -> {
                run.budget().scan(Math.min(s.text().length(), t.text().length()));
                yield s.text().equals(t.text());
            }
            case Value.Seq s
            when b instanceof Value.Seq t -> s.kind() == t.kind() && allEqual(run, s.items(), t.items());
            case Dict d when b instanceof Dict e -> equalDicts(run, d, e);
            case Value.Undefined u -> b instanceof Value.Undefined;
            case Value.Range r
            when b instanceof Value.Range q ->
                r.size() == q.size()
                        && (r.size() == 0 || (r.start() == q.start() && (r.size() == 1 || r.step() == q.step())));
            default -> identical(a, b);
        };
    }

    private static boolean allEqual(Run run, List<Value> a, List<Value> b) {
        if (a.size() != b.size()) {
            return false;
        }
        run.budget().enter();
        boolean same = true;
        for (int i = 0; i < a.size() && same; i++) {
            run.budget().work(1);
            same = equal(run, a.get(i), b.get(i));
        }
        run.budget().leave();
        return same;
    }

    private static boolean equalDicts(Run run, Dict a, Dict b) {
        if (a.size() != b.size()) {
            return false;
        }
        run.budget().enter();
        boolean same = true;
        for (Dict.Entry e : a.entries()) {
            run.budget().work(1);
            Value other = b.get(run, e.key());
            if (other == null || !equal(run, e.value(), other)) {
                same = false;
                break;
            }
        }
        run.budget().leave();
        return same;
    }

    private static boolean isNan(Value v) {
        return v instanceof Value.Real r && Double.isNaN(r.value());
    }

    /** Exact, also between integers and floats; neither may be NaN. */
    private static int compareNumbers(Value a, Value b) {
        int order = Integer.compare(infinity(a), infinity(b));
        return order != 0 || infinity(a) != 0 ? order : exact(a).compareTo(exact(b));
    }

    /** 1 or -1 for the infinities, 0 for anything finite. */
    private static int infinity(Value v) {
        return v instanceof Value.Real r && Double.isInfinite(r.value()) ? (r.value() > 0 ? 1 : -1) : 0;
    }

    /** Python's {@code is} for values that have no equality of their own. */
    @SuppressWarnings("ReferenceEquality")
    static boolean identical(Value a, Value b) {
        return a == b;
    }

    private static BigDecimal exact(Value v) {
        return switch (v) {
            case Value.Real r -> new BigDecimal(r.value());
            case Value.Int i -> new BigDecimal(i.value());
            case Value.Bool b -> b.value() ? BigDecimal.ONE : BigDecimal.ZERO;
            default -> throw new IllegalArgumentException("not a number");
        };
    }

    /** Evaluates {@code a OP b} for the order operators and membership. */
    static boolean holds(Run run, String operator, Value a, Value b) {
        return switch (operator) {
            case "==" -> equal(run, a, b);
            case "!=" -> !equal(run, a, b);
            case "in" -> contains(run, b, a);
            case "not in" -> !contains(run, b, a);
            case "<" -> !unordered(a, b) && order(run, a, b) < 0;
            case "<=" -> !unordered(a, b) && order(run, a, b) <= 0;
            case ">" -> !unordered(a, b) && order(run, a, b) > 0;
            case ">=" -> !unordered(a, b) && order(run, a, b) >= 0;
            default -> throw new IllegalArgumentException(operator);
        };
    }

    private static boolean unordered(Value a, Value b) {
        return isNumber(a) && isNumber(b) && (isNan(a) || isNan(b));
    }

    /** Order of two values of comparable types. */
    static int order(Run run, Value a, Value b) {
        if (isNumber(a) && isNumber(b)) {
            return isNan(a) || isNan(b) ? 0 : compareNumbers(a, b);
        }
        if (a instanceof Value.Str s && b instanceof Value.Str t) {
            return Strings.compare(run, s.text(), t.text());
        }
        if (a instanceof Value.Seq s
                && b instanceof Value.Seq t
                && s.kind() == t.kind()
                && !s.kind().isView()) {
            return orderAll(run, s.items(), t.items());
        }
        if (a instanceof Value.Undefined u) {
            throw u.fault();
        }
        if (b instanceof Value.Undefined u) {
            throw u.fault();
        }
        throw new TemplateFault(Types.name(a) + " and " + Types.name(b) + " have no order");
    }

    private static int orderAll(Run run, List<Value> a, List<Value> b) {
        run.budget().enter();
        int n = Math.min(a.size(), b.size());
        int order = 0;
        for (int i = 0; i < n && order == 0; i++) {
            run.budget().work(1);
            if (!equal(run, a.get(i), b.get(i))) {
                order = order(run, a.get(i), b.get(i));
            }
        }
        run.budget().leave();
        return order != 0 ? order : Integer.compare(a.size(), b.size());
    }

    static boolean contains(Run run, Value container, Value item) {
        switch (container) {
            case Value.Str s -> {
                if (item instanceof Value.Str needle) {
                    return Strings.indexOf(run, s.text(), needle.text(), 0) >= 0;
                }
                throw new TemplateFault("'in <string>' needs a string on its left, not " + Types.name(item));
            }
            case Dict d -> {
                return d.get(run, item) != null;
            }
            case Value.Range r
            when item instanceof Value.Int i -> {
                BigInteger[] q = i.value()
                        .subtract(BigInteger.valueOf(r.start()))
                        .divideAndRemainder(BigInteger.valueOf(r.step()));
                return q[1].signum() == 0 && q[0].signum() >= 0 && q[0].compareTo(BigInteger.valueOf(r.size())) < 0;
            }
            default -> {
                for (Value v : Sequences.iterate(run, container)) {
                    run.budget().work(1);
                    if (identical(v, item) || equal(run, item, v)) {
                        return true;
                    }
                }
                return false;
            }
        }
    }
}
