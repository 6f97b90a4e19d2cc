package ingot.runtime.template;

import java.util.Iterator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** {@code text % values}: conversions {@code s r d i x X o f F %} with flags {@code - 0 + blank}, width and precision. */
final class PercentFormat {
    private static final Pattern CONVERSION =
            Pattern.compile("%(?:\\(([^)]*)\\))?([-0+ ]*)(\\d{1,6})?(?:\\.(\\d{1,3}))?(.)?", Pattern.DOTALL);

    private PercentFormat() {}

    static Value format(Run run, Value.Str format, Value values) {
        Iterator<Value> items = (values instanceof Value.Seq s && s.kind() == Value.Kind.TUPLE
                        ? s.items()
                        : List.of(values))
                .iterator();
        boolean named = false;
        StringBuilder out = new StringBuilder();
        String text = format.text();
        Matcher m = CONVERSION.matcher(text);
        int from = 0;
        while (m.find(from)) {
            append(run, out, text.substring(from, m.start()));
            from = m.end();
            @Nullable String type = m.group(5);
            if (type == null) {
                throw new TemplateFault("incomplete format");
            }
            if (type.equals("%")) {
                append(run, out, "%");
                continue;
            }
            Value value;
            if (m.group(1) != null) {
                named = true;
                value = lookUp(values, m.group(1));
            } else if (items.hasNext()) {
                value = items.next();
            } else {
                throw new TemplateFault("not enough arguments for format string");
            }
            String shown = convert(run, value, m, type.charAt(0));
            append(run, out, format.markup() && !isMarkup(value) ? Strings.escape(run, shown) : shown);
        }
        append(run, out, text.substring(from));
        boolean mapping = values instanceof Dict || named;
        if (items.hasNext() && !mapping) {
            throw new TemplateFault("not all arguments converted during string formatting");
        }
        return new Value.Str(out.toString(), format.markup());
    }

    private static boolean isMarkup(Value v) {
        return v instanceof Value.Str s && s.markup();
    }

    private static Value lookUp(Value values, String key) {
        Value value = values instanceof Dict d ? d.get(key) : null;
        if (value == null) {
            throw new TemplateFault("no value for the format key " + ingot.formats.Text.quote(key));
        }
        return value;
    }

    private static void append(Run run, StringBuilder out, String s) {
        run.budget().output(out.length(), s.length());
        out.append(s);
    }

    private static String convert(Run run, Value value, Matcher m, char type) {
        String flags = m.group(2);
        boolean left = flags.indexOf('-') >= 0;
        boolean zero = flags.indexOf('0') >= 0 && !left && type != 's' && type != 'r';
        char sign = flags.indexOf('+') >= 0 ? '+' : flags.indexOf(' ') >= 0 ? ' ' : '-';
        int width = m.group(3) == null ? 0 : Integer.parseInt(m.group(3));
        int precision = m.group(4) == null ? -1 : Integer.parseInt(m.group(4));
        char align = left ? '<' : zero ? '=' : '>';
        int fill = zero ? '0' : ' ';
        return switch (type) {
            case 's' ->
                new FormatSpec(' ', align, '-', width, false, precision, 's')
                        .apply(run, Value.Str.of(PyText.str(run, value)));
            case 'r' ->
                new FormatSpec(' ', align, '-', width, false, precision, 's')
                        .apply(run, Value.Str.of(PyText.repr(run, value)));
            case 'd', 'i', 'u' -> new FormatSpec(fill, align, sign, width, false, -1, 'd').apply(run, whole(value));
            case 'x', 'X', 'o' -> {
                if (!(value instanceof Value.Int) && !(value instanceof Value.Bool)) {
                    throw new TemplateFault("%" + type + " needs an integer, not " + Types.name(value));
                }
                yield new FormatSpec(fill, align, sign, width, false, -1, type).apply(run, value);
            }
            case 'f', 'F' -> {
                if (!Compare.isNumber(value)) {
                    throw new TemplateFault("%f needs a number, not " + Types.name(value));
                }
                yield new FormatSpec(fill, align, sign, width, false, precision, 'f')
                        .apply(run, new Value.Real(Arithmetic.toDouble(value)));
            }
            default -> throw new TemplateFault("unsupported format character '" + type + "'");
        };
    }

    private static Value whole(Value value) {
        return switch (value) {
            case Value.Int i -> i;
            case Value.Bool b -> b;
            case Value.Real r -> Numbers.truncate(r.value());
            default -> throw new TemplateFault("%d needs a number, not " + Types.name(value));
        };
    }
}
