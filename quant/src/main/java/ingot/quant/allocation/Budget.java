package ingot.quant.allocation;

import ingot.formats.IngotException;
import ingot.formats.Text;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How large the weights of a file may be, all of them counted: scales, padding, embedding, and what is stored in f32.
 *
 * @param text as it was asked for
 * @param amount of the unit
 * @param unit of the amount
 */
public record Budget(String text, double amount, Unit unit) {
    private static final Pattern SPELLING = Pattern.compile("([0-9]{1,12}(?:\\.[0-9]{1,9})?) ?([a-z]+)");

    /** What an amount counts. */
    public enum Unit {
        /** Bits per weight. */
        BPW(0),
        MB(1e6),
        MIB(1 << 20),
        GB(1e9),
        GIB(1 << 30);

        private final double bytes;

        Unit(double bytes) {
            this.bytes = bytes;
        }
    }

    /** Parses {@code 4.25bpw}, {@code 4GB}, {@code 120MB}, {@code 1.5GiB}. */
    public static Budget parse(String text) {
        Matcher matcher = SPELLING.matcher(text.toLowerCase(Locale.ROOT));
        if (matcher.matches()) {
            for (Unit unit : Unit.values()) {
                double amount = Double.parseDouble(matcher.group(1));
                if (unit.name().toLowerCase(Locale.ROOT).equals(matcher.group(2)) && amount > 0) {
                    return new Budget(text, amount, unit);
                }
            }
        }
        throw new IngotException.Usage("--budget " + Text.quote(text)
                + ": expected bits per weight or a size, for example 4.25bpw, 4GB, 120MB or 1.5GiB");
    }

    /** Bytes that the weights of a model may take. */
    public long bytes(long parameters) {
        return (long) (unit == Unit.BPW ? amount * parameters / 8 : amount * unit.bytes);
    }
}
