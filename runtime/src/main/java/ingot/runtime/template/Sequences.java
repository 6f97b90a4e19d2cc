package ingot.runtime.template;

import java.math.BigInteger;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** Iterating, measuring, subscripting and slicing. */
final class Sequences {
    private Sequences() {}

    /** The elements Python's {@code iter()} gives; a stream can be read once. */
    static Iterable<Value> iterate(Run run, Value value) {
        if (value instanceof Value.Stream s) {
            Iterator<Value> items = s.items();
            return () -> items;
        }
        return list(run, value);
    }

    static boolean isIterable(Value value) {
        return switch (value) {
            case Value.Seq s -> true;
            case Value.Str s -> true;
            case Value.Range r -> true;
            case Value.Stream s -> true;
            case Value.Undefined u -> true;
            case Dict d -> true;
            case Loop l -> true;
            case Value.None n -> false;
            case Value.Bool b -> false;
            case Value.Int i -> false;
            case Value.Real r -> false;
            case Namespace n -> false;
            case Value.Function f -> false;
        };
    }

    /** All elements as a list that nobody may change; a stream is drained. */
    static List<Value> list(Run run, Value value) {
        return switch (value) {
            case Value.Seq s -> s.items();
            case Value.Str s -> Strings.characters(run, s.text());
            case Value.Range r ->
                new AbstractList<>() {
                    @Override
                    public Value get(int index) {
                        return r.at(index);
                    }

                    @Override
                    public int size() {
                        return r.size();
                    }
                };
            case Value.Stream s -> {
                List<Value> items = new ArrayList<>();
                while (s.items().hasNext()) {
                    run.budget().elements(1);
                    items.add(s.items().next());
                }
                yield items;
            }
            case Value.Undefined u -> List.of();
            case Dict d -> {
                run.budget().elements(d.size());
                yield d.keys();
            }
            default -> throw new TemplateFault("'" + Types.name(value) + "' object is not iterable");
        };
    }

    /** A fresh list that the caller may change. */
    static List<Value> copy(Run run, Value value) {
        List<Value> items = list(run, value);
        run.budget().elements(items.size());
        return new ArrayList<>(items);
    }

    /** Python's {@code len()}. */
    static int length(Run run, Value value) {
        return switch (value) {
            case Value.Str s -> Strings.length(run, s.text());
            case Value.Seq s -> s.items().size();
            case Value.Range r -> r.size();
            case Dict d -> d.size();
            case Value.Undefined u -> 0;
            default -> throw new TemplateFault("object of type '" + Types.name(value) + "' has no len()");
        };
    }

    /** The element at an integer subscript, or undefined. */
    static Value at(Run run, Value of, BigInteger subscript) {
        int size = length(run, of);
        BigInteger at = subscript.signum() < 0 ? subscript.add(BigInteger.valueOf(size)) : subscript;
        if (at.signum() < 0 || at.compareTo(BigInteger.valueOf(size)) >= 0) {
            return new Value.Undefined(Types.name(of) + " object has no element " + subscript);
        }
        int index = at.intValueExact();
        return switch (of) {
            case Value.Seq s -> s.items().get(index);
            case Value.Range r -> r.at(index);
            case Value.Str s -> {
                int from = Strings.offset(run, s.text(), index);
                yield new Value.Str(Character.toString(s.text().codePointAt(from)), s.markup());
            }
            default -> new Value.Undefined(Types.name(of) + " object has no element " + subscript);
        };
    }

    /** {@code of[start:stop:step]}, with each bound an integer or None. */
    static Value slice(Run run, Value of, Value start, Value stop, Value step) {
        if (of instanceof Value.Undefined u) {
            throw u.fault();
        }
        boolean sliceable = of instanceof Value.Str
                || of instanceof Value.Range
                || (of instanceof Value.Seq s && !s.kind().isView());
        if (!sliceable) {
            throw new TemplateFault("'" + Types.name(of) + "' object cannot be sliced");
        }
        int size = length(run, of);
        long by = step == Value.None.NONE ? 1 : bound(step);
        if (by == 0) {
            throw new TemplateFault("slice step cannot be zero");
        }
        long from = start == Value.None.NONE ? (by > 0 ? 0 : size - 1L) : clamp(bound(start), size, by);
        long to = stop == Value.None.NONE ? (by > 0 ? size : -1) : clamp(bound(stop), size, by);
        long count = by > 0 ? (to > from ? (to - from - 1) / by + 1 : 0) : (from > to ? (from - to - 1) / -by + 1 : 0);
        if (of instanceof Value.Range r) {
            return new Value.Range(
                    r.at((int) from).value().longValue(), r.start() + to * r.step(), r.step() * by, (int) count);
        }
        return pick(run, of, from, by, (int) count);
    }

    private static Value pick(Run run, Value of, long from, long by, int count) {
        switch (of) {
            case Value.Str s
            when by == 1 -> {
                int begin = Strings.offset(run, s.text(), (int) from);
                int end = s.text().offsetByCodePoints(begin, count);
                run.budget().string(end - begin);
                return new Value.Str(s.text().substring(begin, end), s.markup());
            }
            case Value.Str s -> {
                run.budget().string(2L * s.text().length());
                int[] points = s.text().codePoints().toArray();
                StringBuilder out = new StringBuilder(count);
                for (int i = 0; i < count; i++) {
                    out.appendCodePoint(points[(int) (from + i * by)]);
                }
                return new Value.Str(out.toString(), s.markup());
            }
            case Value.Seq s -> {
                run.budget().elements(count);
                List<Value> items = new ArrayList<>(count);
                for (int i = 0; i < count; i++) {
                    items.add(s.items().get((int) (from + i * by)));
                }
                return new Value.Seq(s.kind(), items);
            }
            default -> throw new IllegalArgumentException("not sliceable");
        }
    }

    /** A slice bound, saturated to the int range: sizes are ints, so nothing changes. */
    private static long bound(Value v) {
        if (v instanceof Value.Int || v instanceof Value.Bool) {
            BigInteger i = Arithmetic.toInteger(v);
            return i.bitLength() <= 31 ? i.longValue() : i.signum() < 0 ? Integer.MIN_VALUE : Integer.MAX_VALUE;
        }
        throw new TemplateFault("slice indices must be integers or None");
    }

    private static long clamp(long at, int size, long by) {
        long index = at < 0 ? at + size : at;
        if (by > 0) {
            return Math.clamp(index, 0, size);
        }
        return Math.clamp(index, -1, size - 1L);
    }
}
