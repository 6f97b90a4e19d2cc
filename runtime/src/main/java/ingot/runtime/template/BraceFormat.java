package ingot.runtime.template;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code str.format} with plain fields ({@code {}}, {@code {0}}, {@code {name}}), {@code !s}/{@code !r} and a spec. */
final class BraceFormat {
    private static final Pattern FIELD = Pattern.compile("([^{}!:.\\[]*)(?:!([sr]))?(?::([^{}]*))?", Pattern.DOTALL);

    private BraceFormat() {}

    static Value format(Run run, Value.Str format, Args args) {
        StringBuilder out = new StringBuilder();
        String text = format.text();
        int auto = 0;
        int i = 0;
        while (i < text.length()) {
            char c = text.charAt(i);
            if ((c == '{' || c == '}') && i + 1 < text.length() && text.charAt(i + 1) == c) {
                append(run, out, String.valueOf(c));
                i += 2;
            } else if (c == '{') {
                int end = text.indexOf('}', i);
                Matcher m = FIELD.matcher(end < 0 ? "{" : text.substring(i + 1, end));
                if (!m.matches()) {
                    throw new TemplateFault("unsupported replacement field in a format string");
                }
                Value value = field(args, m.group(1), auto);
                auto += m.group(1).isEmpty() ? 1 : 0;
                String shown = show(run, value, m);
                boolean escape = format.markup() && !(value instanceof Value.Str s && s.markup());
                append(run, out, escape ? Strings.escape(run, shown) : shown);
                i = end + 1;
            } else if (c == '}') {
                throw new TemplateFault("single '}' in a format string");
            } else {
                append(run, out, String.valueOf(c));
                i++;
            }
        }
        return new Value.Str(out.toString(), format.markup());
    }

    private static String show(Run run, Value value, Matcher m) {
        Value converted = m.group(2) == null
                ? value
                : Value.Str.of(m.group(2).equals("r") ? PyText.repr(run, value) : PyText.str(run, value));
        return m.group(3) == null || m.group(3).isEmpty()
                ? PyText.str(run, converted)
                : FormatSpec.parse(m.group(3)).apply(run, converted);
    }

    private static Value field(Args args, String name, int auto) {
        boolean digits = name.length() < 6 && name.chars().allMatch(c -> c >= '0' && c <= '9');
        if (digits) {
            int index = name.isEmpty() ? auto : Integer.parseInt(name);
            if (index < args.positional().size()) {
                return args.positional().get(index);
            }
        } else {
            Value value = args.named().get(name);
            if (value != null) {
                return value;
            }
        }
        throw new TemplateFault("no argument for the replacement field " + ingot.formats.Text.quote(name));
    }

    private static void append(Run run, StringBuilder out, String s) {
        run.budget().output(out.length(), s.length());
        out.append(s);
    }
}
