package ingot.runtime.template;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Python's format mini-language {@code [[fill]align][sign][0][width][,][.precision][type]}, types {@code s d x X o b f %}
 * ({@code e} and {@code g} are not supported).
 */
record FormatSpec(int fill, char align, char sign, int width, boolean comma, int precision, char type) {
    private static final Pattern SYNTAX =
            Pattern.compile("(?s)(?:(.)?([<>=^]))?([+\\- ])?(0)?(\\d{1,6})?(,)?(?:\\.(\\d{1,3}))?([sdxXobfF%])?");

    static FormatSpec parse(String spec) {
        Matcher m = SYNTAX.matcher(spec);
        if (!m.matches()) {
            throw new TemplateFault("unsupported format " + ingot.formats.Text.quote(spec));
        }
        boolean zero = m.group(4) != null;
        @Nullable String fill = m.group(1);
        @Nullable String align = m.group(2);
        return new FormatSpec(
                fill != null ? fill.codePointAt(0) : zero ? '0' : ' ',
                align != null ? align.charAt(0) : zero ? '=' : 0,
                first(m.group(3), '-'),
                number(m.group(5), 0),
                m.group(6) != null,
                number(m.group(7), -1),
                first(m.group(8), (char) 0));
    }

    private static char first(@Nullable String s, char otherwise) {
        return s == null ? otherwise : s.charAt(0);
    }

    private static int number(@Nullable String s, int otherwise) {
        return s == null ? otherwise : Integer.parseInt(s);
    }

    String apply(Run run, Value value) {
        run.budget().string(width);
        return switch (value) {
            case Value.Str s -> {
                if ((type != 0 && type != 's') || comma || sign != '-' || align == '=') {
                    throw mismatch(value);
                }
                String t = s.text();
                if (precision >= 0 && Strings.length(run, t) > precision) {
                    t = t.substring(0, Strings.offset(run, t, precision));
                }
                yield pad(run, "", t, '<');
            }
            case Value.Bool b when type == 0 -> pad(run, "", b.value() ? "True" : "False", '<');
            case Value.Int i -> integer(run, i.value());
            case Value.Bool b -> integer(run, Arithmetic.toInteger(b));
            case Value.Real r -> real(run, r.value());
            default -> {
                if (width > 0 || type != 0 || precision >= 0) {
                    throw mismatch(value);
                }
                yield PyText.str(run, value);
            }
        };
    }

    private TemplateFault mismatch(Value value) {
        return new TemplateFault("the format does not suit a value of type " + Types.name(value));
    }

    private String integer(Run run, BigInteger i) {
        int radix = switch (type) {
            case 0, 'd' -> 10;
            case 'x', 'X' -> 16;
            case 'o' -> 8;
            case 'b' -> 2;
            case 'f', 'F', '%' -> 0;
            default -> throw mismatch(new Value.Int(i));
        };
        if (radix == 0) {
            return real(run, Arithmetic.toDouble(new Value.Int(i)));
        }
        if (precision >= 0) {
            throw mismatch(new Value.Int(i));
        }
        String digits = i.abs().toString(radix);
        String shown = type == 'X' ? digits.toUpperCase(Locale.ROOT) : digits;
        return pad(run, signOf(i.signum() < 0), comma ? grouped(shown) : shown, '>');
    }

    private String real(Run run, double d) {
        boolean negative = d < 0 || (d == 0 && 1 / d < 0);
        String digits;
        if (type == 0 && precision < 0) {
            digits = PyText.real(Math.abs(d));
        } else if (type != 'f' && type != 'F' && type != '%') {
            throw mismatch(new Value.Real(d));
        } else if (Double.isNaN(d) || Double.isInfinite(d)) {
            digits = PyText.real(Math.abs(d)) + (type == '%' ? "%" : "");
        } else {
            digits = fixed(Math.abs(type == '%' ? d * 100 : d), precision < 0 ? 6 : precision)
                    + (type == '%' ? "%" : "");
        }
        return pad(run, signOf(negative), comma ? grouped(digits) : digits, '>');
    }

    /** Fixed notation of the exact binary value, rounded half to even: what C's printf prints. */
    static String fixed(double magnitude, int decimals) {
        return new BigDecimal(magnitude)
                .setScale(decimals, RoundingMode.HALF_EVEN)
                .toPlainString();
    }

    private String signOf(boolean negative) {
        return negative ? "-" : sign == '-' ? "" : String.valueOf(sign);
    }

    private static String grouped(String digits) {
        int point = digits.indexOf('.');
        int end = point < 0 ? digits.length() : point;
        StringBuilder out = new StringBuilder(digits);
        for (int i = end - 3; i > 0; i -= 3) {
            out.insert(i, ',');
        }
        return out.toString();
    }

    private String pad(Run run, String prefix, String body, char usual) {
        int missing = Math.max(0, width - prefix.length() - Strings.length(run, body));
        String filler = Character.toString(fill).repeat(missing);
        return switch (align == 0 ? usual : align) {
            case '<' -> prefix + body + filler;
            case '=' -> prefix + filler + body;
            case '^' -> {
                int left = filler.length() / missingUnits() / 2 * missingUnits();
                yield filler.substring(0, left) + prefix + body + filler.substring(left);
            }
            default -> filler + prefix + body;
        };
    }

    private int missingUnits() {
        return Character.charCount(fill);
    }
}
