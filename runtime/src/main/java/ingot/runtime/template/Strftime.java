package ingot.runtime.template;

import java.time.ZonedDateTime;
import java.time.format.TextStyle;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/** Python's {@code datetime.now().strftime} in the C locale, of the clock that the caller gave. */
final class Strftime {
    private Strftime() {}

    static String format(Run run, String format) {
        run.budget().string(format.length() * 24L); // the longest single field, %c, has 24 characters
        ZonedDateTime now = ZonedDateTime.now(run.clock());
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '%' || i + 1 == format.length()) {
                out.append(c);
                continue;
            }
            boolean bare = format.charAt(i + 1) == '-' && i + 2 < format.length();
            i += bare ? 2 : 1;
            String field = field(now, format.charAt(i));
            out.append(bare ? field.replaceFirst("^[0 ]+(?=.)", "") : field);
        }
        return out.toString();
    }

    private static String field(ZonedDateTime t, char c) {
        return switch (c) {
            case 'Y' -> Integer.toString(t.getYear());
            case 'y' -> two(t.getYear() % 100);
            case 'm' -> two(t.getMonthValue());
            case 'd' -> two(t.getDayOfMonth());
            case 'e' -> String.format(Locale.ROOT, "%2d", t.getDayOfMonth());
            case 'H' -> two(t.getHour());
            case 'I' -> two((t.getHour() + 11) % 12 + 1);
            case 'M' -> two(t.getMinute());
            case 'S' -> two(t.getSecond());
            case 'f' -> String.format(Locale.ROOT, "%06d", t.getNano() / 1000);
            case 'p' -> t.getHour() < 12 ? "AM" : "PM";
            case 'B' -> t.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            case 'b', 'h' ->
                t.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH).substring(0, 3);
            case 'A' -> t.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            case 'a' ->
                t.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH).substring(0, 3);
            case 'j' -> String.format(Locale.ROOT, "%03d", t.getDayOfYear());
            case 'u' -> Integer.toString(t.getDayOfWeek().getValue());
            case 'w' -> Integer.toString(t.getDayOfWeek().getValue() % 7);
            case 's' -> Long.toString(ChronoUnit.SECONDS.between(java.time.Instant.EPOCH, t.toInstant()));
            case 'F' -> field(t, 'Y') + "-" + field(t, 'm') + "-" + field(t, 'd');
            case 'T', 'X' -> field(t, 'H') + ":" + field(t, 'M') + ":" + field(t, 'S');
            case 'R' -> field(t, 'H') + ":" + field(t, 'M');
            case 'D', 'x' -> field(t, 'm') + "/" + field(t, 'd') + "/" + field(t, 'y');
            case 'c' ->
                field(t, 'a') + " " + field(t, 'b') + " " + field(t, 'e') + " " + field(t, 'T') + " " + field(t, 'Y');
            case 'z', 'Z' -> ""; // datetime.now() has no time zone
            case 'n' -> "\n";
            case 't' -> "\t";
            case '%' -> "%";
            default -> throw new TemplateFault("strftime_now() does not know %" + c);
        };
    }

    private static String two(int value) {
        return String.format(Locale.ROOT, "%02d", value);
    }
}
