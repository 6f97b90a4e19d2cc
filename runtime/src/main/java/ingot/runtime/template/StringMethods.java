package ingot.runtime.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The methods of {@code str}. */
final class StringMethods {
    private StringMethods() {}

    static @Nullable Value find(Value.Str s, String name) {
        return switch (name) {
            case "strip" -> method(name, (run, args) -> strip(run, s, args, true, true));
            case "lstrip" -> method(name, (run, args) -> strip(run, s, args, true, false));
            case "rstrip" -> method(name, (run, args) -> strip(run, s, args, false, true));
            case "split" -> method(name, (run, args) -> Splitting.split(run, s, args, false));
            case "rsplit" -> method(name, (run, args) -> Splitting.split(run, s, args, true));
            case "splitlines" -> method(name, (run, args) -> Splitting.lines(run, s, args));
            case "partition" -> method(name, (run, args) -> Splitting.partition(run, s, args, false));
            case "rpartition" -> method(name, (run, args) -> Splitting.partition(run, s, args, true));
            case "startswith" -> method(name, (run, args) -> affix(run, s.text(), args, true));
            case "endswith" -> method(name, (run, args) -> affix(run, s.text(), args, false));
            case "upper" -> mapped(s, name, t -> t.toUpperCase(Locale.ROOT));
            case "lower" -> mapped(s, name, t -> t.toLowerCase(Locale.ROOT));
            case "title" -> mapped(s, name, Casing::title);
            case "capitalize" -> mapped(s, name, Casing::capitalize);
            case "swapcase" -> mapped(s, name, Casing::swap);
            case "removeprefix" ->
                method(name, (run, args) -> {
                    String prefix = args.bind(name, 1, "prefix").text(0);
                    return s.text().startsWith(prefix) ? with(run, s, s.text().substring(prefix.length())) : s;
                });
            case "removesuffix" ->
                method(name, (run, args) -> {
                    String suffix = args.bind(name, 1, "suffix").text(0);
                    String t = s.text();
                    return t.endsWith(suffix) ? with(run, s, t.substring(0, t.length() - suffix.length())) : s;
                });
            case "replace" ->
                method(name, (run, args) -> {
                    Args.Bound a = args.bind(name, 2, "old", "new", "count");
                    long count = a.has(2) ? a.integer(2) : -1;
                    return new Value.Str(Strings.replace(run, s.text(), a.text(0), a.text(1), count), s.markup());
                });
            case "join" ->
                method(
                        name,
                        (run, args) ->
                                join(run, s, args.bind(name, 1, "iterable").at(0)));
            case "find" -> method(name, (run, args) -> Value.Int.of(position(run, s.text(), args, name, false)));
            case "rfind" -> method(name, (run, args) -> Value.Int.of(position(run, s.text(), args, name, true)));
            case "index" -> method(name, (run, args) -> found(position(run, s.text(), args, name, false)));
            case "rindex" -> method(name, (run, args) -> found(position(run, s.text(), args, name, true)));
            case "count" ->
                method(
                        name,
                        (run, args) ->
                                count(run, s.text(), args.bind(name, 1, "sub").text(0)));
            case "format" -> method(name, (run, args) -> BraceFormat.format(run, s, args));
            case "isdigit", "isdecimal", "isnumeric", "isalpha", "isalnum", "isspace", "isupper", "islower" ->
                method(name, (run, args) -> {
                    run.budget().scan(s.text().length());
                    return Value.of(Casing.is(name, s.text()));
                });
            case "zfill" ->
                method(
                        name,
                        (run, args) -> zfill(run, s, args.bind(name, 1, "width").integer(0)));
            case "ljust", "rjust", "center" -> method(name, (run, args) -> justify(run, s, name, args));
            default -> null;
        };
    }

    private static Value method(String name, Value.Function.Body body) {
        return new Value.Function(name, body);
    }

    private static Value mapped(Value.Str s, String name, UnaryOperator<String> map) {
        return method(name, (run, args) -> {
            args.bind(name, 0);
            run.budget().string(3L * s.text().length()); // no case mapping gives more than three characters for one
            return new Value.Str(map.apply(s.text()), s.markup());
        });
    }

    static Value.Str with(Run run, Value.Str like, String text) {
        run.budget().string(text.length());
        return new Value.Str(text, like.markup());
    }

    static Value strip(Run run, Value.Str s, Args args, boolean start, boolean end) {
        Args.Bound a = args.bind("strip", 0, "chars");
        String t = s.text();
        @Nullable String chars = a.some(0) ? a.text(0) : null;
        run.budget().scan((long) t.length() * (chars == null ? 1 : Math.max(1, chars.length() / 16)));
        int from = 0;
        int to = t.length();
        while (start && from < to && strips(chars, t.codePointAt(from))) {
            from += Character.charCount(t.codePointAt(from));
        }
        while (end && to > from && strips(chars, t.codePointBefore(to))) {
            to -= Character.charCount(t.codePointBefore(to));
        }
        return from == 0 && to == t.length() ? s : with(run, s, t.substring(from, to));
    }

    private static boolean strips(@Nullable String chars, int c) {
        return chars == null ? Strings.isSpace(c) : chars.indexOf(c) >= 0;
    }

    private static Value affix(Run run, String s, Args args, boolean start) {
        Args.Bound a = args.bind(start ? "startswith" : "endswith", 1, "affix");
        List<Value> options =
                a.at(0) instanceof Value.Seq t && t.kind() == Value.Kind.TUPLE ? t.items() : List.of(a.at(0));
        for (Value option : options) {
            if (!(option instanceof Value.Str affix)) {
                throw new TemplateFault(
                        a.function() + "() expects a string or a tuple of strings, not " + Types.name(option));
            }
            run.budget().scan(affix.text().length());
            if (start ? s.startsWith(affix.text()) : s.endsWith(affix.text())) {
                return Value.TRUE;
            }
        }
        return Value.FALSE;
    }

    private static Value join(Run run, Value.Str separator, Value items) {
        List<Value> list = Sequences.list(run, items);
        long size = 0;
        List<String> parts = new ArrayList<>();
        for (Value v : list) {
            if (!(v instanceof Value.Str s)) {
                throw new TemplateFault("join() expects strings, not " + Types.name(v));
            }
            run.budget().work(1);
            parts.add(separator.markup() && !s.markup() ? Strings.escape(run, s.text()) : s.text());
            size += parts.getLast().length() + (long) separator.text().length();
        }
        run.budget().string(size);
        return new Value.Str(String.join(separator.text(), parts), separator.markup());
    }

    private static long position(Run run, String s, Args args, String name, boolean last) {
        Args.Bound a = args.bind(name, 1, "sub", "start", "end");
        int size = Strings.length(run, s);
        int from = a.some(1) ? clamp(a.integer(1), size) : 0;
        int to = a.some(2) ? clamp(a.integer(2), size) : size;
        if (from > to || (a.some(1) && a.integer(1) > size)) {
            return -1;
        }
        int begin = s.offsetByCodePoints(0, from);
        int end = s.offsetByCodePoints(0, to);
        String needle = a.text(0);
        int at = last ? Strings.lastIndexOf(run, s, needle, end) : Strings.indexOf(run, s, needle, begin);
        return at < begin || at + needle.length() > end ? -1 : s.codePointCount(0, at);
    }

    private static int clamp(long at, int size) {
        return Math.clamp(at < 0 ? at + size : at, 0, size);
    }

    private static Value found(long position) {
        if (position < 0) {
            throw new TemplateFault("substring not found");
        }
        return Value.Int.of(position);
    }

    private static Value count(Run run, String s, String part) {
        if (part.isEmpty()) {
            return Value.Int.of(Strings.length(run, s) + 1L);
        }
        run.budget().scan(s.length());
        long count = 0;
        for (int i = Strings.find(s, part, 0); i >= 0; i = Strings.find(s, part, i + part.length())) {
            count++;
        }
        return Value.Int.of(count);
    }

    private static Value zfill(Run run, Value.Str s, long width) {
        long missing = Math.max(0, width - Strings.length(run, s.text()));
        run.budget().string(s.text().length() + missing);
        int sign = s.text().startsWith("-") || s.text().startsWith("+") ? 1 : 0;
        return with(
                run,
                s,
                s.text().substring(0, sign)
                        + "0".repeat((int) missing)
                        + s.text().substring(sign));
    }

    private static Value justify(Run run, Value.Str s, String name, Args args) {
        Args.Bound a = args.bind(name, 1, "width", "fillchar");
        String fill = a.has(1) ? a.text(1) : " ";
        if (fill.codePointCount(0, fill.length()) != 1) {
            throw new TemplateFault(name + "() expects one fill character");
        }
        long width = a.integer(0);
        long missing = Math.max(0, width - Strings.length(run, s.text()));
        run.budget().string(s.text().length() + missing * fill.length());
        long left = switch (name) {
            case "ljust" -> 0;
            case "rjust" -> missing;
            default -> missing / 2 + (missing & width & 1); // CPython's pad()
        };
        return with(run, s, fill.repeat((int) left) + s.text() + fill.repeat((int) (missing - left)));
    }
}
