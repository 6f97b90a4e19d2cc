package ingot.tests.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.cli.render.Format;
import ingot.cli.render.Table;
import java.time.Duration;
import java.util.Locale;
import org.junit.jupiter.api.Test;

final class RenderTest {
    @Test
    void numbersDoNotDependOnTheLocale() {
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.GERMANY);
        try {
            assertEquals("1.50 MiB", Format.bytes(3 << 19));
            assertEquals("1.00e-09", Format.scientific(1e-9));
            assertEquals("99.87 %", Format.percent(0.9987));
            assertEquals("5.77M", Format.count(5_770_000));
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void bytesKeepThreeDigits() {
        assertEquals("1023 B", Format.bytes(1023));
        assertEquals("1.00 KiB", Format.bytes(1024));
        assertEquals("10.0 KiB", Format.bytes(10_240));
        assertEquals("1.00 MiB", Format.bytes((1 << 20) - 1));
        assertEquals("8.00 EiB", Format.bytes(Long.MAX_VALUE));
    }

    @Test
    void durations() {
        assertEquals("0.35 s", Format.duration(Duration.ofMillis(350)));
        assertEquals("3 min 05 s", Format.duration(Duration.ofSeconds(185)));
        assertEquals("2 h 07 min", Format.duration(Duration.ofMinutes(127)));
    }

    @Test
    void tablesFitAndAlign() {
        String table = new Table()
                .text("name")
                .number("n")
                .row("a", "1")
                .row("漢字", "100")
                .row("e\u0301", "20")
                .render();
        assertEquals("name    n\n────  ───\na       1\n漢字  100\ne\u0301      20\n", table);
        String wide = new Table()
                .text("name")
                .number("n")
                .row("model.layers." + "x".repeat(150) + ".weight", "12345")
                .render();
        wide.lines().forEach(line -> assertTrue(line.length() <= Table.MAX_WIDTH, line));
        assertTrue(wide.contains("model.layers.") && wide.contains("…") && wide.contains(".weight"));
    }

    @Test
    void cellsCannotMoveTheCursor() {
        assertTrue(new Table().text("t").row("a\u001b[2J\nb").render().lines().count() == 3);
    }
}
