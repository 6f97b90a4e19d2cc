package ingot.runtime.template;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Python's {@code int()}, {@code float()} and {@code round()}, and jinja2's filters over them. */
final class Numbers {
    /** No repeated groups: Java's matcher recurses over those. Underscores are checked apart. */
    private static final Pattern INTEGER = Pattern.compile("[+-]?\\d++");

    private static final Pattern REAL = Pattern.compile("[+-]?(?:\\d++\\.?\\d*+|\\.\\d++)(?:[eE][+-]?\\d++)?");

    /** CPython's limit for reading integers from text. */
    private static final int MAX_DIGITS = 4300;

    private Numbers() {}

    static Value truncate(double d) {
        if (Double.isNaN(d) || Double.isInfinite(d)) {
            throw new TemplateFault("cannot convert float " + PyText.real(d) + " to integer");
        }
        return new Value.Int(new BigDecimal(d).toBigInteger());
    }

    /** The {@code int} filter: text, then text read as a float, then the default. */
    static Value toInt(Run run, Value v, Args args) {
        Args.Bound a = args.bind("int", 0, "default", "base");
        Value otherwise = a.at(0, Value.Int.of(0));
        switch (v) {
            case Value.Int i -> {
                return i;
            }
            case Value.Bool b -> {
                return new Value.Int(Arithmetic.toInteger(b));
            }
            case Value.Undefined u -> throw u.fault();
            case Value.Real r -> {
                if (Double.isInfinite(r.value())) {
                    throw new TemplateFault("cannot convert float infinity to integer");
                }
                return Double.isNaN(r.value()) ? otherwise : truncate(r.value());
            }
            case Value.Str s -> {
                Value parsed = parseInteger(run, s.text(), a.has(1) ? a.integer(1) : 10);
                if (parsed != null) {
                    return parsed;
                }
                Double d = parseReal(run, s.text());
                return d == null || d.isNaN() || d.isInfinite() ? otherwise : truncate(d);
            }
            default -> {
                return otherwise;
            }
        }
    }

    private static @Nullable Value parseInteger(Run run, String s, long base) {
        if (base != 0 && (base < 2 || base > 36)) {
            throw new TemplateFault("int() base must be 0 or 2 to 36");
        }
        run.budget().scan(s.length());
        String t = s.substring(Strings.stripStart(s), Math.max(Strings.stripStart(s), Strings.stripEnd(s)));
        if (t.length() > MAX_DIGITS) {
            return null;
        }
        if (base == 10) {
            String plain = withoutUnderscores(t);
            return INTEGER.matcher(plain).matches() ? new Value.Int(new BigInteger(plain)) : null;
        }
        boolean negative = t.startsWith("-");
        String digits = negative || t.startsWith("+") ? t.substring(1) : t;
        int radix = (int) base;
        if (digits.length() > 2 && digits.charAt(0) == '0') {
            int prefix = switch (digits.charAt(1)) {
                case 'x', 'X' -> 16;
                case 'o', 'O' -> 8;
                case 'b', 'B' -> 2;
                default -> -1;
            };
            if (prefix == base || (base == 0 && prefix > 0)) {
                digits = digits.substring(2);
                radix = prefix;
            }
        }
        int r = radix == 0 ? 10 : radix;
        boolean valid = !digits.isEmpty() && digits.chars().allMatch(c -> c < 128 && Character.digit(c, r) >= 0);
        if (!valid) {
            return null;
        }
        BigInteger value = new BigInteger(digits, r);
        return new Value.Int(negative ? value.negate() : value);
    }

    /** Python's {@code float(text)}, or null where it raises ValueError. */
    private static @Nullable Double parseReal(Run run, String s) {
        run.budget().scan(s.length());
        String t = s.substring(Strings.stripStart(s), Math.max(Strings.stripStart(s), Strings.stripEnd(s)));
        if (t.length() > MAX_DIGITS) {
            return null;
        }
        String sign = t.startsWith("-") ? "-" : "";
        return switch (t.replaceFirst("^[+-]", "").toLowerCase(java.util.Locale.ROOT)) {
            case "inf", "infinity" -> sign.isEmpty() ? Double.POSITIVE_INFINITY : Double.NEGATIVE_INFINITY;
            case "nan" -> Double.NaN;
            default -> {
                String digits = withoutUnderscores(t);
                yield REAL.matcher(digits).matches() ? (Double) Double.parseDouble(digits) : null;
            }
        };
    }

    /** The number without its underscores, each of which must stand between two digits; else the text as it is. */
    private static String withoutUnderscores(String t) {
        for (int i = t.indexOf('_'); i >= 0; i = t.indexOf('_', i + 1)) {
            boolean between = i > 0 && i + 1 < t.length() && isDigit(t.charAt(i - 1)) && isDigit(t.charAt(i + 1));
            if (!between) {
                return t;
            }
        }
        return t.replace("_", "");
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    /** The {@code float} filter. */
    static Value toFloat(Run run, Value v, Args args) {
        Value otherwise = args.bind("float", 0, "default").at(0, new Value.Real(0));
        return switch (v) {
            case Value.Real r -> r;
            case Value.Int i -> new Value.Real(Arithmetic.toDouble(i));
            case Value.Bool b -> new Value.Real(Arithmetic.toDouble(b));
            case Value.Undefined u -> throw u.fault();
            case Value.Str s -> {
                Double d = parseReal(run, s.text());
                yield d == null ? otherwise : new Value.Real(d);
            }
            default -> otherwise;
        };
    }

    /** The {@code round} filter: exact binary value, half to even. */
    static Value round(Run run, Value v, Args args) {
        Args.Bound a = args.bind("round", 0, "precision", "method");
        String method = a.has(1) ? a.text(1) : "common";
        long precision = a.has(0) ? a.integer(0) : 0;
        if (v instanceof Value.Undefined u) {
            throw u.fault();
        }
        if (!Compare.isNumber(v)) {
            throw new TemplateFault("type " + Types.name(v) + " cannot be rounded");
        }
        if (Math.abs(precision) > 400) {
            throw new TemplateFault("round() expects a precision of -400 to 400");
        }
        int digits = (int) precision;
        switch (method) {
            case "common" -> {
                return common(v, digits);
            }
            case "ceil", "floor" -> {
                double scale = Math.pow(10, digits);
                double scaled = Arithmetic.toDouble(v) * scale;
                return new Value.Real((method.equals("ceil") ? Math.ceil(scaled) : Math.floor(scaled)) / scale);
            }
            default -> throw new TemplateFault("round() method must be common, ceil or floor");
        }
    }

    private static Value common(Value v, int digits) {
        if (v instanceof Value.Real r) {
            double d = r.value();
            if (d == 0 || Double.isNaN(d) || Double.isInfinite(d)) {
                return r;
            }
            double rounded =
                    new BigDecimal(d).setScale(digits, RoundingMode.HALF_EVEN).doubleValue();
            return new Value.Real(rounded == 0 ? Math.copySign(0.0, d) : rounded);
        }
        BigInteger i = Arithmetic.toInteger(v);
        return new Value.Int(
                digits >= 0
                        ? i
                        : new BigDecimal(i)
                                .setScale(digits, RoundingMode.HALF_EVEN)
                                .toBigInteger());
    }

    static Value abs(Value v) {
        return switch (v) {
            case Value.Int i -> new Value.Int(i.value().abs());
            case Value.Bool b -> new Value.Int(Arithmetic.toInteger(b));
            case Value.Real r -> new Value.Real(Math.abs(r.value()));
            case Value.Undefined u -> throw u.fault();
            default -> throw new TemplateFault("bad operand type for abs(): '" + Types.name(v) + "'");
        };
    }
}
