package ingot.cli.render;

import java.time.Duration;
import java.util.Locale;
import java.util.OptionalDouble;

/** Numbers for people, the same in every locale. */
public final class Format {
    private static final String[] BINARY = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    private static final String[] DECIMAL = {"", "K", "M", "B", "T"};

    private Format() {}

    /** {@code 1.50 MiB}; three significant digits. */
    public static String bytes(long n) {
        if (n < 1024) {
            return n + " B";
        }
        int unit = 0;
        double v = n;
        // 999.5 and above would print as 1000: the next unit reads better.
        while (v >= 999.5 && unit < BINARY.length - 1) {
            v /= 1024;
            unit++;
        }
        return significant(v) + " " + BINARY[unit];
    }

    /** {@code 5.77M}; three significant digits. */
    public static String count(long n) {
        if (n < 10_000) {
            return Long.toString(n);
        }
        int unit = 0;
        double v = n;
        while (v >= 999.5 && unit < DECIMAL.length - 1) {
            v /= 1000;
            unit++;
        }
        return significant(v) + DECIMAL[unit];
    }

    private static String significant(double v) {
        int decimals = v < 9.995 ? 2 : v < 99.95 ? 1 : 0;
        return fixed(v, decimals);
    }

    public static String fixed(double v, int decimals) {
        return Double.isFinite(v) ? String.format(Locale.ROOT, "%." + decimals + "f", v) : Double.toString(v);
    }

    /** {@code 3.2e-11}, or plain {@code 0}. */
    public static String scientific(double v) {
        return v == 0 ? "0" : Double.isFinite(v) ? String.format(Locale.ROOT, "%.2e", v) : Double.toString(v);
    }

    /** A dash where nothing is known. */
    public static String scientific(OptionalDouble v) {
        return v.isPresent() ? scientific(v.getAsDouble()) : "–";
    }

    /** Plain where four decimals say enough, scientific below. */
    public static String compact(double v) {
        double a = Math.abs(v);
        return v == 0 || (a >= 0.01 && a < 1e6) ? fixed(v, a >= 100 ? 2 : 4) : scientific(v);
    }

    public static String lower(String s) {
        return s.toLowerCase(Locale.ROOT);
    }

    /** A fraction as {@code 99.87 %}. */
    public static String percent(double fraction) {
        return fixed(100 * fraction, 2) + " %";
    }

    /** {@code 0.35 s}, {@code 12.4 s}, {@code 3 min 05 s}, {@code 2 h 07 min}. */
    public static String duration(Duration d) {
        double s = d.toNanos() / 1e9;
        if (s < 60) {
            return fixed(s, s < 10 ? 2 : 1) + " s";
        }
        long whole = Math.round(s);
        return whole < 3600
                ? String.format(Locale.ROOT, "%d min %02d s", whole / 60, whole % 60)
                : String.format(Locale.ROOT, "%d h %02d min", whole / 3600, whole % 3600 / 60);
    }
}
