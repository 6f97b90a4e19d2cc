package ingot.tests.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.cli.render.Format;
import ingot.cli.render.ProgressDisplay;
import ingot.cli.render.Table;
import ingot.formats.Progress;
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

    /** A quarter of five parts (four layers and the head) in 10 s; a run that was resumed has done less of it. */
    @Test
    void progressOverLayers() {
        var at = new Progress.Layers(1, 4, 0.25);
        assertEquals(
                "calibration: layer 2/4 (25 % of all), 7.5 layers/min, 30.0 s left",
                ProgressDisplay.line("calibration", at, 0, 10_000_000_000L));
        assertEquals(
                "calibration: layer 2/4 (25 % of all), 1.5 layers/min, 2 min 30 s left",
                ProgressDisplay.line("calibration", at, 0.2, 10_000_000_000L));
        assertEquals(
                "calibration: layer 2/4 (25 % of all)", ProgressDisplay.line("calibration", at, 0.25, 10_000_000_000L));
        assertEquals(
                "x: output head (80 % of all), 2.4 layers/h, 25 min 00 s left",
                ProgressDisplay.line("x", new Progress.Layers(4, 4, 0), 0, 6_000_000_000_000L));
        assertEquals(
                "reading: 3 tensors of 60 tensors (5 %), 2 tensors/min, 31 min 40 s left",
                ProgressDisplay.line("reading", 3, 60, Progress.Unit.TENSORS, 100_000_000_000L));
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
