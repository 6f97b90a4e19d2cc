package ingot.runtime.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Filters that make text. */
final class TextFilters {
    /** jinja2 starts a word of {@code title} after these, and only these. */
    private static final Pattern WORD_BEGINNING = Pattern.compile("[-\\s({\\[<]+", Pattern.UNICODE_CHARACTER_CLASS);

    private static final Pattern WORD = Pattern.compile("[\\p{L}\\p{N}_]+");

    private TextFilters() {}

    static void addTo(Map<String, Filters.Filter> all) {
        all.put("string", (run, v, args) -> soft(run, v));
        all.put("safe", (run, v, args) -> new Value.Str(soft(run, v).text(), true));
        all.put("e", TextFilters::escape);
        all.put("escape", TextFilters::escape);
        all.put("forceescape", (run, v, args) -> new Value.Str(Strings.escape(run, PyText.str(run, v)), true));
        all.put("upper", mapped(s -> s.toUpperCase(Locale.ROOT)));
        all.put("lower", mapped(s -> s.toLowerCase(Locale.ROOT)));
        all.put("capitalize", mapped(Casing::capitalize));
        all.put("title", mapped(TextFilters::title));
        all.put("trim", (run, v, args) -> {
            Args.Bound a = args.bind("trim", 0, "chars");
            Args chars = a.has(0) ? new Args(List.of(a.at(0)), Map.of()) : Args.NONE;
            return StringMethods.strip(run, soft(run, v), chars, true, true);
        });
        all.put("replace", (run, v, args) -> {
            Args.Bound a = args.bind("replace", 2, "old", "new", "count");
            String old = PyText.str(run, a.at(0));
            long count = a.some(2) ? a.integer(2) : -1;
            return Value.Str.of(Strings.replace(run, PyText.str(run, v), old, PyText.str(run, a.at(1)), count));
        });
        all.put("format", TextFilters::format);
        all.put("indent", TextFilters::indent);
        all.put("join", TextFilters::join);
        all.put("center", (run, v, args) -> {
            Value width = args.bind("center", 0, "width").at(0, Value.Int.of(80));
            Value center = StringMethods.find(soft(run, v), "center");
            if (center instanceof Value.Function f) {
                return f.body().call(run, new Args(List.of(width), Map.of()));
            }
            throw new IllegalStateException("str.center is missing");
        });
        all.put("wordcount", (run, v, args) -> {
            String s = PyText.str(run, v);
            run.budget().scan(s.length());
            return Value.Int.of(WORD.matcher(s).results().count());
        });
    }

    /** markupsafe's soft_str: a string stays as it is, Markup too; anything else becomes its str(). */
    private static Value.Str soft(Run run, Value v) {
        return v instanceof Value.Str s ? s : run.string(PyText.str(run, v));
    }

    private static Value escape(Run run, Value v, Args args) {
        return v instanceof Value.Str s && s.markup()
                ? s
                : new Value.Str(Strings.escape(run, PyText.str(run, v)), true);
    }

    private static Filters.Filter mapped(UnaryOperator<String> map) {
        return (run, v, args) -> {
            args.bind("filter", 0);
            Value.Str s = soft(run, v);
            run.budget().string(3L * s.text().length());
            return new Value.Str(map.apply(s.text()), s.markup());
        };
    }

    private static String title(String s) {
        StringBuilder out = new StringBuilder();
        Matcher m = WORD_BEGINNING.matcher(s);
        int from = 0;
        while (m.find()) {
            appendWord(out, s.substring(from, m.start()));
            out.append(m.group());
            from = m.end();
        }
        appendWord(out, s.substring(from));
        return out.toString();
    }

    private static void appendWord(StringBuilder out, String word) {
        if (!word.isEmpty()) {
            int first = word.offsetByCodePoints(0, 1);
            out.append(word.substring(0, first).toUpperCase(Locale.ROOT))
                    .append(word.substring(first).toLowerCase(Locale.ROOT));
        }
    }

    private static Value format(Run run, Value v, Args args) {
        if (!args.positional().isEmpty() && !args.named().isEmpty()) {
            throw new TemplateFault("format: positional and keyword arguments cannot be mixed");
        }
        if (args.named().isEmpty()) {
            return PercentFormat.format(run, soft(run, v), Value.Seq.tuple(args.positional()));
        }
        Dict named = new Dict();
        args.named().forEach((name, value) -> named.put(run, Value.Str.of(name), value));
        return PercentFormat.format(run, soft(run, v), named);
    }

    private static Value indent(Run run, Value v, Args args) {
        Args.Bound a = args.bind("indent", 0, "width", "first", "blank");
        String indention;
        if (a.has(0) && a.at(0) instanceof Value.Str s) {
            indention = s.text();
        } else {
            long width = a.has(0) ? Math.max(0, a.integer(0)) : 4;
            run.budget().string(width);
            indention = " ".repeat((int) width);
        }
        if (!(v instanceof Value.Str text)) {
            throw v instanceof Value.Undefined u ? u.fault() : new TemplateFault("indent: not a string");
        }
        List<String> lines = Splitting.lines(run, text.text() + "\n", false);
        run.budget().string(text.text().length() + (long) indention.length() * lines.size());
        boolean blank = a.truth(2, false);
        StringBuilder out = new StringBuilder(a.truth(1, false) ? indention : "");
        for (int i = 0; i < lines.size(); i++) {
            if (i > 0) {
                out.append('\n').append(blank || !lines.get(i).isEmpty() ? indention : "");
            }
            out.append(lines.get(i));
        }
        return new Value.Str(out.toString(), text.markup());
    }

    private static Value join(Run run, Value v, Args args) {
        Args.Bound a = args.bind("join", 0, "d", "attribute");
        String separator = a.has(0) ? PyText.str(run, a.at(0)) : "";
        List<String> parts = new ArrayList<>();
        long size = 0;
        for (Value item : Sequences.iterate(run, v)) {
            run.budget().elements(1);
            Value shown = a.some(1) ? SelectFilters.attribute(run, item, a.at(1)) : item;
            parts.add(PyText.str(run, shown));
            size += parts.getLast().length() + (long) separator.length();
            if (!(shown instanceof Value.Str)) {
                run.budget().string(parts.getLast().length());
            }
        }
        run.budget().string(size);
        return Value.Str.of(String.join(separator, parts));
    }
}
