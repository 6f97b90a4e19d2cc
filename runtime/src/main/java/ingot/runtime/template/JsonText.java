package ingot.runtime.template;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Python's {@code json.dumps} with the parameters of the {@code tojson} that transformers gives chat templates:
 * {@code tojson(ensure_ascii=False, indent=None, separators=None, sort_keys=False)}.
 */
final class JsonText {
    /** {@code indent} null means one line. */
    private record Layout(
            boolean ascii, @Nullable String indent, String itemSeparator, String keySeparator, boolean sort) {}

    private final Run run;
    private final Layout layout;
    private final StringBuilder out = new StringBuilder();

    private JsonText(Run run, Layout layout) {
        this.run = run;
        this.layout = layout;
    }

    static String dumps(Run run, Value value, Args args) {
        Args.Bound a = args.bind("tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys");
        @Nullable String indent = null;
        if (a.some(1)) {
            if (a.at(1) instanceof Value.Str s) {
                indent = s.text();
            } else {
                long width = Math.max(0, a.integer(1));
                run.budget().string(width);
                indent = " ".repeat((int) width);
            }
        }
        String item = indent == null ? ", " : ",";
        String key = ": ";
        if (a.some(2)) {
            List<Value> pair = Sequences.list(run, a.at(2));
            if (pair.size() != 2 || !(pair.get(0) instanceof Value.Str i) || !(pair.get(1) instanceof Value.Str k)) {
                throw new TemplateFault("tojson() expects separators of two strings");
            }
            item = i.text();
            key = k.text();
        }
        JsonText json = new JsonText(run, new Layout(a.truth(0, false), indent, item, key, a.truth(3, false)));
        json.write(value, 0);
        return json.out.toString();
    }

    private void add(String s) {
        run.budget().output(out.length(), s.length());
        out.append(s);
    }

    private void write(Value value, int level) {
        switch (value) {
            case Value.None n -> add("null");
            case Value.Bool b -> add(b.value() ? "true" : "false");
            case Value.Int i -> add(i.value().toString());
            case Value.Real r -> add(real(r.value()));
            case Value.Str s -> string(s.text());
            case Value.Seq s
            when !s.kind().isView() -> {
                run.budget().enter();
                String separator = "";
                add("[");
                for (Value item : s.items()) {
                    add(separator);
                    newLine(level + 1);
                    write(item, level + 1);
                    separator = layout.itemSeparator();
                }
                close(s.items().isEmpty(), level, "]");
            }
            case Dict d -> {
                run.budget().enter();
                String separator = "";
                add("{");
                for (Dict.Entry e : entries(d)) {
                    add(separator);
                    newLine(level + 1);
                    string(key(e.key()));
                    add(layout.keySeparator());
                    write(e.value(), level + 1);
                    separator = layout.itemSeparator();
                }
                close(d.size() == 0, level, "}");
            }
            default -> throw new TemplateFault("Object of type " + Types.name(value) + " is not JSON serializable");
        }
    }

    private List<Dict.Entry> entries(Dict d) {
        List<Dict.Entry> entries = new ArrayList<>(d.entries());
        if (layout.sort()) {
            Sorting.sort(run, entries, (a, b) -> Compare.order(run, a.key(), b.key()));
        }
        return entries;
    }

    private void close(boolean empty, int level, String bracket) {
        if (!empty) {
            newLine(level);
        }
        add(bracket);
        run.budget().leave();
    }

    private void newLine(int level) {
        String indent = layout.indent();
        if (indent != null) {
            run.budget().string((long) indent.length() * level);
            add("\n" + indent.repeat(level));
        }
    }

    private static String key(Value key) {
        return switch (key) {
            case Value.Str s -> s.text();
            case Value.None n -> "null";
            case Value.Bool b -> b.value() ? "true" : "false";
            case Value.Int i -> i.value().toString();
            case Value.Real r -> real(r.value());
            default ->
                throw new TemplateFault("JSON keys must be str, int, float, bool or None, not " + Types.name(key));
        };
    }

    private static String real(double d) {
        if (Double.isNaN(d)) {
            return "NaN";
        }
        return Double.isInfinite(d) ? (d > 0 ? "Infinity" : "-Infinity") : PyText.real(d);
    }

    private void string(String s) {
        run.budget().output(out.length(), s.length() + 2L);
        int before = out.length();
        out.append('"');
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\f' -> out.append("\\f");
                case '\b' -> out.append("\\b");
                default -> {
                    if (c < 0x20 || (layout.ascii() && c > 0x7e)) {
                        out.append("\\u%04x".formatted((int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        run.budget().output(before, out.append('"').length() - (long) before);
    }
}
