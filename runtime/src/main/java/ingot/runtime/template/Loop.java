package ingot.runtime.template;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The {@code loop} variable of one {@code for}. */
final class Loop implements Value {
    private final List<Value> items;
    private final int depth;
    private int index = -1;
    private @Nullable List<Value> changed;

    /** {@code depth} counts enclosing loops of the same recursive loop; always 0 here. */
    Loop(List<Value> items) {
        this.items = items;
        this.depth = 0;
    }

    void advance() {
        index++;
    }

    /** The attribute, or null when a loop has none of that name. */
    @Nullable
    Value attribute(String name) {
        int size = items.size();
        return switch (name) {
            case "index" -> Int.of(index + 1L);
            case "index0" -> Int.of(index);
            case "revindex" -> Int.of((long) size - index);
            case "revindex0" -> Int.of((long) size - index - 1);
            case "first" -> Value.of(index == 0);
            case "last" -> Value.of(index == size - 1);
            case "length" -> Int.of(size);
            case "depth" -> Int.of(depth + 1L);
            case "depth0" -> Int.of(depth);
            case "previtem" -> index == 0 ? new Undefined("there is no previous item") : items.get(index - 1);
            case "nextitem" -> index == size - 1 ? new Undefined("there is no next item") : items.get(index + 1);
            case "cycle" -> new Function("loop.cycle", (run, args) -> cycle(args.positional()));
            case "changed" -> new Function("loop.changed", (run, args) -> changed(run, args.positional()));
            default -> null;
        };
    }

    private Value cycle(List<Value> values) {
        if (values.isEmpty()) {
            throw new TemplateFault("no items for cycling given");
        }
        return values.get(index % values.size());
    }

    private Value changed(Run run, List<Value> values) {
        @Nullable List<Value> before = changed;
        changed = values;
        return Value.of(before == null || !Compare.equal(run, Seq.tuple(before), Seq.tuple(values)));
    }
}
