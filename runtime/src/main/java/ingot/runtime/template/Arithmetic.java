package ingot.runtime.template;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;

/** Python's binary and unary operators; integers are exact and bounded, sizes are checked before anything is made. */
final class Arithmetic {
    private Arithmetic() {}

    static Value unary(Run run, char operator, Value v) {
        return switch (v) {
            case Value.Int i -> operator == '-' ? new Value.Int(i.value().negate()) : v;
            case Value.Bool b -> Value.Int.of(!b.value() ? 0 : operator == '-' ? -1 : 1);
            case Value.Real r -> operator == '-' ? new Value.Real(-r.value()) : v;
            case Value.Undefined u -> throw u.fault();
            default -> throw new TemplateFault("bad operand type for unary " + operator + ": '" + Types.name(v) + "'");
        };
    }

    static Value binary(Run run, String operator, Value a, Value b) {
        if (a instanceof Value.Undefined u) {
            throw u.fault();
        }
        if (b instanceof Value.Undefined u && !(operator.equals("%") && a instanceof Value.Str)) {
            throw u.fault();
        }
        if (Compare.isNumber(a) && Compare.isNumber(b)) {
            return a instanceof Value.Real || b instanceof Value.Real
                    ? reals(operator, toDouble(a), toDouble(b))
                    : integers(run, operator, toInteger(a), toInteger(b));
        }
        return switch (operator) {
            case "+" -> add(run, a, b);
            case "*" -> {
                if (a instanceof Value.Int || a instanceof Value.Bool) {
                    yield repeat(run, b, toInteger(a), a);
                }
                if (b instanceof Value.Int || b instanceof Value.Bool) {
                    yield repeat(run, a, toInteger(b), b);
                }
                throw unsupported(operator, a, b);
            }
            case "%" -> {
                if (a instanceof Value.Str s) {
                    yield PercentFormat.format(run, s, b);
                }
                throw unsupported(operator, a, b);
            }
            default -> throw unsupported(operator, a, b);
        };
    }

    private static TemplateFault unsupported(String operator, Value a, Value b) {
        return new TemplateFault(
                "unsupported operand types for " + operator + ": '" + Types.name(a) + "' and '" + Types.name(b) + "'");
    }

    private static Value add(Run run, Value a, Value b) {
        if (a instanceof Value.Str s && b instanceof Value.Str t) {
            boolean markup = s.markup() || t.markup();
            String left = markup && !s.markup() ? Strings.escape(run, s.text()) : s.text();
            String right = markup && !t.markup() ? Strings.escape(run, t.text()) : t.text();
            run.budget().string((long) left.length() + right.length());
            return new Value.Str(left.concat(right), markup);
        }
        if (a instanceof Value.Seq s
                && b instanceof Value.Seq t
                && s.kind() == t.kind()
                && !s.kind().isView()) {
            run.budget().elements((long) s.items().size() + t.items().size());
            List<Value> items = new ArrayList<>(s.items().size() + t.items().size());
            items.addAll(s.items());
            items.addAll(t.items());
            return new Value.Seq(s.kind(), items);
        }
        throw unsupported("+", a, b);
    }

    private static Value repeat(Run run, Value what, BigInteger times, Value count) {
        long n = Math.max(0, times.bitLength() > 31 ? (times.signum() < 0 ? 0 : Integer.MAX_VALUE) : times.longValue());
        if (what instanceof Value.Str s) {
            run.budget().string(n * s.text().length());
            return new Value.Str(s.text().isEmpty() ? "" : s.text().repeat((int) n), s.markup());
        }
        if (what instanceof Value.Seq s && !s.kind().isView()) {
            run.budget().elements(n * s.items().size());
            List<Value> items = new ArrayList<>();
            for (long i = 0; i < n && !s.items().isEmpty(); i++) {
                items.addAll(s.items());
            }
            return new Value.Seq(s.kind(), items);
        }
        throw unsupported("*", what, count);
    }

    static double toDouble(Value v) {
        return switch (v) {
            case Value.Real r -> r.value();
            case Value.Int i -> {
                double d = i.value().doubleValue();
                if (Double.isInfinite(d)) {
                    throw new TemplateFault("integer too large for a float");
                }
                yield d;
            }
            case Value.Bool b -> b.value() ? 1 : 0;
            default -> throw new IllegalArgumentException("not a number");
        };
    }

    static BigInteger toInteger(Value v) {
        return switch (v) {
            case Value.Int i -> i.value();
            case Value.Bool b -> b.value() ? BigInteger.ONE : BigInteger.ZERO;
            default -> throw new IllegalArgumentException("not an integer");
        };
    }

    private static Value integers(Run run, String operator, BigInteger a, BigInteger b) {
        return switch (operator) {
            case "+" -> bounded(run, a.add(b));
            case "-" -> bounded(run, a.subtract(b));
            case "*" -> {
                run.budget().integer((long) a.bitLength() + b.bitLength());
                yield new Value.Int(a.multiply(b));
            }
            case "/" -> {
                requireNonZero(b.signum() == 0);
                double quotient = a.bitLength() <= 53 && b.bitLength() <= 53
                        ? a.doubleValue() / b.doubleValue()
                        : new BigDecimal(a)
                                .divide(new BigDecimal(b), new MathContext(60))
                                .doubleValue();
                if (Double.isInfinite(quotient)) {
                    throw new TemplateFault("integer division result too large for a float");
                }
                yield new Value.Real(quotient);
            }
            case "//" -> {
                requireNonZero(b.signum() == 0);
                BigInteger[] qr = a.divideAndRemainder(b);
                yield new Value.Int(
                        qr[1].signum() != 0 && qr[1].signum() != b.signum() ? qr[0].subtract(BigInteger.ONE) : qr[0]);
            }
            case "%" -> {
                requireNonZero(b.signum() == 0);
                BigInteger r = a.remainder(b);
                yield new Value.Int(r.signum() != 0 && r.signum() != b.signum() ? r.add(b) : r);
            }
            case "**" -> power(run, a, b);
            default -> throw new IllegalArgumentException(operator);
        };
    }

    private static Value bounded(Run run, BigInteger value) {
        run.budget().integer(value.bitLength());
        return new Value.Int(value);
    }

    private static Value power(Run run, BigInteger a, BigInteger b) {
        if (b.signum() < 0) {
            requireNonZero(a.signum() == 0);
            return new Value.Real(Math.pow(a.doubleValue(), b.doubleValue()));
        }
        if (a.abs().bitLength() <= 1) { // 0, 1, -1: any exponent
            boolean negative = a.signum() < 0 && b.testBit(0);
            return b.signum() == 0
                    ? Value.Int.of(1)
                    : Value.Int.of(negative ? -1 : a.abs().intValue());
        }
        run.budget().integer(b.bitLength() > 31 ? Long.MAX_VALUE : b.longValue() * a.bitLength());
        return new Value.Int(a.pow(b.intValue()));
    }

    private static Value reals(String operator, double a, double b) {
        return new Value.Real(
                switch (operator) {
                    case "+" -> a + b;
                    case "-" -> a - b;
                    case "*" -> a * b;
                    case "/" -> {
                        requireNonZero(b == 0);
                        yield a / b;
                    }
                    case "//" -> {
                        requireNonZero(b == 0);
                        yield floorDivide(a, b);
                    }
                    case "%" -> {
                        requireNonZero(b == 0);
                        yield modulo(a, b);
                    }
                    case "**" -> {
                        requireNonZero(a == 0 && b < 0);
                        double p = Math.pow(a, b);
                        if (Double.isNaN(p) && !Double.isNaN(a) && !Double.isNaN(b)) {
                            throw new TemplateFault("a complex result");
                        }
                        if (Double.isInfinite(p) && !Double.isInfinite(a) && !Double.isInfinite(b)) {
                            throw new TemplateFault("float result too large");
                        }
                        yield a == 1 || b == 0 ? 1 : p;
                    }
                    default -> throw new IllegalArgumentException(operator);
                });
    }

    /** CPython's float modulo: the sign of the divisor. */
    private static double modulo(double a, double b) {
        double r = a % b;
        if (r != 0) {
            return r < 0 != b < 0 ? r + b : r;
        }
        return Math.copySign(0.0, b);
    }

    /** CPython's float_floor_div. */
    private static double floorDivide(double a, double b) {
        double r = a % b;
        double quotient = (a - r) / b;
        if (r != 0 && r < 0 != b < 0) {
            quotient -= 1;
        }
        if (quotient == 0) {
            return Math.copySign(0.0, a / b);
        }
        double floor = Math.floor(quotient);
        return quotient - floor > 0.5 ? floor + 1 : floor;
    }

    private static void requireNonZero(boolean zero) {
        if (zero) {
            throw new TemplateFault("division by zero");
        }
    }
}
