package ingot.runtime.template;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;
import java.util.Map;

/** Python's {@code str()} and {@code repr()}. */
final class PyText {
    private final Run run;
    private final StringBuilder out = new StringBuilder();

    private PyText(Run run) {
        this.run = run;
    }

    /** {@code str(value)}; undefined gives the empty string. */
    static String str(Run run, Value value) {
        return switch (value) {
            case Value.Str s -> s.text();
            case Value.Undefined u -> "";
            default -> repr(run, value);
        };
    }

    static String repr(Run run, Value value) {
        PyText text = new PyText(run);
        text.append(value);
        return text.out.toString();
    }

    private void add(String s) {
        run.budget().output(out.length(), s.length());
        out.append(s);
    }

    private void append(Value value) {
        switch (value) {
            case Value.None n -> add("None");
            case Value.Bool b -> add(b.value() ? "True" : "False");
            case Value.Int i -> add(i.value().toString());
            case Value.Real r -> add(real(r.value()));
            case Value.Str s -> add(s.markup() ? "Markup(" + quoted(run, s.text()) + ")" : quoted(run, s.text()));
            case Value.Undefined u -> add("Undefined");
            case Value.Range r ->
                add("range(" + r.start() + ", " + r.stop() + (r.step() == 1 ? "" : ", " + r.step()) + ")");
            case Value.Seq s -> {
                add(s.kind().open);
                appendAll(s.items());
                add(s.kind() == Value.Kind.TUPLE && s.items().size() == 1 ? ",)" : s.kind().close);
            }
            case Dict d -> {
                run.budget().enter();
                add("{");
                String separator = "";
                for (Dict.Entry e : d.entries()) {
                    add(separator);
                    append(e.key());
                    add(": ");
                    append(e.value());
                    separator = ", ";
                }
                add("}");
                run.budget().leave();
            }
            case Namespace ns -> {
                run.budget().enter();
                add("<Namespace {");
                String separator = "";
                for (Map.Entry<String, Value> e : ns.attributes().entrySet()) {
                    add(separator + quoted(run, e.getKey()) + ": ");
                    append(e.getValue());
                    separator = ", ";
                }
                add("}>");
                run.budget().leave();
            }
            case Loop l -> throw unprintable("a loop");
            case Value.Stream s -> throw unprintable("a generator (use the list filter)");
            case Value.Function f -> throw unprintable("a function");
        }
    }

    private void appendAll(List<Value> items) {
        run.budget().enter();
        String separator = "";
        for (Value item : items) {
            add(separator);
            append(item);
            separator = ", ";
        }
        run.budget().leave();
    }

    /** Python would print a memory address: never what a chat template means. */
    private static TemplateFault unprintable(String what) {
        return new TemplateFault(what + " cannot be printed");
    }

    /** {@code repr} of a string: single quotes unless only those occur inside; unprintable characters escaped. */
    static String quoted(Run run, String s) {
        run.budget().string(s.length() + 2L);
        char quote = s.indexOf('\'') >= 0 && s.indexOf('"') < 0 ? '"' : '\'';
        StringBuilder out = new StringBuilder(s.length() + 2).append(quote);
        s.codePoints().forEach(c -> {
            switch (c) {
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (c == quote) {
                        out.append('\\').append(quote);
                    } else if (printable(c)) {
                        out.appendCodePoint(c);
                    } else {
                        out.append(
                                c < 0x100
                                        ? "\\x%02x".formatted(c)
                                        : c < 0x10000 ? "\\u%04x".formatted(c) : "\\U%08x".formatted(c));
                    }
                }
            }
        });
        run.budget().string(out.length() + 1L);
        return out.append(quote).toString();
    }

    /** Python's {@code str.isprintable}: not "other" and not a separator, except the blank. */
    private static boolean printable(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            case Character.SPACE_SEPARATOR -> c == ' ';
            default -> true;
        };
    }

    /** {@code repr(float)}: shortest digits that read back, exponent below 1e-4 and from 1e16 on. */
    static String real(double d) {
        if (Double.isNaN(d)) {
            return "nan";
        }
        if (Double.isInfinite(d)) {
            return d > 0 ? "inf" : "-inf";
        }
        if (d == 0) {
            return 1 / d < 0 ? "-0.0" : "0.0";
        }
        BigDecimal value = new BigDecimal(Double.toString(Math.abs(d))).stripTrailingZeros();
        // Java prints two digits where one suffices (4.9E-324, Python: 5e-324).
        BigDecimal shorter = value.round(new MathContext(1, RoundingMode.HALF_EVEN));
        if (value.precision() == 2 && shorter.doubleValue() == Math.abs(d)) {
            value = shorter.stripTrailingZeros();
        }
        String digits = value.unscaledValue().toString();
        int exponent = digits.length() - value.scale() - 1;
        String sign = d < 0 ? "-" : "";
        if (exponent >= -4 && exponent < 16) {
            String plain = value.toPlainString();
            return sign + (plain.indexOf('.') < 0 ? plain + ".0" : plain);
        }
        String mantissa = digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
        return sign + mantissa + "e" + (exponent < 0 ? "-" : "+") + (Math.abs(exponent) < 10 ? "0" : "")
                + Math.abs(exponent);
    }
}
