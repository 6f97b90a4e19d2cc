package ingot.runtime.template;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** {@code split}, {@code rsplit}, {@code splitlines} and {@code partition}. */
final class Splitting {
    private Splitting() {}

    static Value split(Run run, Value.Str s, Args args, boolean fromRight) {
        Args.Bound a = args.bind(fromRight ? "rsplit" : "split", 0, "sep", "maxsplit");
        long max = a.has(1) ? a.integer(1) : -1;
        long limit = max < 0 ? Long.MAX_VALUE : max;
        if (!a.some(0)) {
            return list(s, fromRight ? wordsFromRight(run, s.text(), limit) : words(run, s.text(), limit));
        }
        String separator = a.text(0);
        if (separator.isEmpty()) {
            throw new TemplateFault("empty separator");
        }
        return list(s, fromRight ? right(run, s.text(), separator, limit) : left(run, s.text(), separator, limit));
    }

    private static Value list(Value.Str like, List<String> parts) {
        List<Value> items = new ArrayList<>(parts.size());
        parts.forEach(p -> items.add(new Value.Str(p, like.markup())));
        return Value.Seq.list(items);
    }

    private static void add(Run run, List<String> parts, String s, int from, int to) {
        run.budget().elements(1);
        run.budget().string(to - from);
        parts.add(s.substring(from, to));
    }

    private static List<String> left(Run run, String s, String separator, long limit) {
        List<String> parts = new ArrayList<>();
        run.budget().scan(s.length());
        int from = 0;
        int at = limit == 0 ? -1 : Strings.find(s, separator, 0);
        while (at >= 0 && parts.size() < limit) {
            add(run, parts, s, from, at);
            from = at + separator.length();
            at = Strings.find(s, separator, from);
        }
        add(run, parts, s, from, s.length());
        return parts;
    }

    private static List<String> right(Run run, String s, String separator, long limit) {
        List<String> parts = new ArrayList<>();
        int to = s.length();
        while (parts.size() < limit) {
            int at = Strings.lastIndexOf(run, s, separator, to);
            if (at < 0) {
                break;
            }
            add(run, parts, s, at + separator.length(), to);
            to = at;
        }
        add(run, parts, s, 0, to);
        Collections.reverse(parts);
        return parts;
    }

    private static List<String> words(Run run, String s, long limit) {
        run.budget().scan(s.length());
        List<String> parts = new ArrayList<>();
        int i = 0;
        while (true) {
            while (i < s.length() && Strings.isSpace(s.charAt(i))) {
                i++;
            }
            if (i == s.length()) {
                return parts;
            }
            int from = i;
            if (parts.size() == limit) {
                add(run, parts, s, from, s.length());
                return parts;
            }
            while (i < s.length() && !Strings.isSpace(s.charAt(i))) {
                i++;
            }
            add(run, parts, s, from, i);
        }
    }

    private static List<String> wordsFromRight(Run run, String s, long limit) {
        run.budget().scan(s.length());
        List<String> parts = new ArrayList<>();
        int i = s.length();
        while (true) {
            while (i > 0 && Strings.isSpace(s.charAt(i - 1))) {
                i--;
            }
            if (i == 0) {
                break;
            }
            int to = i;
            if (parts.size() == limit) {
                add(run, parts, s, 0, to);
                break;
            }
            while (i > 0 && !Strings.isSpace(s.charAt(i - 1))) {
                i--;
            }
            add(run, parts, s, i, to);
        }
        Collections.reverse(parts);
        return parts;
    }

    static Value lines(Run run, Value.Str s, Args args) {
        Args.Bound a = args.bind("splitlines", 0, "keepends");
        return list(s, lines(run, s.text(), a.truth(0, false)));
    }

    /** Python's line boundaries, CR LF counting as one; no empty line at the end. */
    static List<String> lines(Run run, String s, boolean keepEnds) {
        List<String> parts = new ArrayList<>();
        int from = 0;
        for (int i = 0; i < s.length(); i++) {
            if (!isLineBreak(s.charAt(i))) {
                continue;
            }
            int next = s.charAt(i) == '\r' && i + 1 < s.length() && s.charAt(i + 1) == '\n' ? i + 2 : i + 1;
            add(run, parts, s, from, keepEnds ? next : i);
            from = next;
            i = next - 1;
        }
        if (from < s.length()) {
            add(run, parts, s, from, s.length());
        }
        return parts;
    }

    private static boolean isLineBreak(char c) {
        return (c >= '\n' && c <= '\r') || (c >= 0x1c && c <= 0x1e) || c == 0x85 || c == 0x2028 || c == 0x2029;
    }

    static Value partition(Run run, Value.Str s, Args args, boolean last) {
        String separator = args.bind("partition", 1, "sep").text(0);
        if (separator.isEmpty()) {
            throw new TemplateFault("empty separator");
        }
        String t = s.text();
        int at = last ? Strings.lastIndexOf(run, t, separator, t.length()) : Strings.indexOf(run, t, separator, 0);
        if (at < 0) {
            return Value.Seq.tuple(last ? List.of(Value.EMPTY, Value.EMPTY, s) : List.of(s, Value.EMPTY, Value.EMPTY));
        }
        run.budget().string(t.length());
        return Value.Seq.tuple(List.of(
                new Value.Str(t.substring(0, at), s.markup()),
                new Value.Str(separator, s.markup()),
                new Value.Str(t.substring(at + separator.length()), s.markup())));
    }
}
