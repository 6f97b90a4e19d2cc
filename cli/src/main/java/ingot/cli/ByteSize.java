package ingot.cli;

import ingot.formats.IngotException;
import ingot.formats.Text;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes as people type them: {@code 2GB}, {@code 500M}, {@code 1.5GiB}, {@code 4096}. */
final class ByteSize {
    private static final Pattern SIZE = Pattern.compile("([0-9]{1,15})(\\.[0-9]{1,9})?\\s*([KMGT]?)(I?)B?");

    private ByteSize() {}

    /** As {@link #parse}, of parts that a model is split into: a small number without a unit is not meant as bytes. */
    static long part(String text) {
        long bytes = parse(text);
        if (bytes < 1_000_000 && text.strip().matches("[0-9.]+")) {
            throw new IngotException.Usage("size " + Text.quote(text) + ": expected a number with KB, MB, GB or TB, as "
                    + text.strip() + "GB");
        }
        return bytes;
    }

    /** Bytes; K, M, G, T are powers of 1000, Ki, Mi, Gi, Ti of 1024. */
    static long parse(String text) {
        Matcher size = SIZE.matcher(text.strip().toUpperCase(Locale.ROOT));
        if (size.matches()) {
            double number = Double.parseDouble(size.group(1) + (size.group(2) == null ? "" : size.group(2)));
            int power = " KMGT".indexOf(size.group(3).isEmpty() ? " " : size.group(3));
            double bytes = number * Math.pow(size.group(4).isEmpty() ? 1000 : 1024, power);
            if (bytes >= 1 && bytes < Long.MAX_VALUE) {
                return (long) bytes;
            }
        }
        throw new IngotException.Usage("size " + Text.quote(text) + ": expected a number with KB, MB, GB or TB");
    }
}
