package ingot.cli.render;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The second number of {@code stty size}; anything else is no width. */
class TerminalWidthTest {
    @ParameterizedTest
    @CsvSource({
        "'24 80\n', 80",
        "'50 213', 213",
        "'0 0\n', 101",
        "'', 101",
        "'24', 101",
        "'stty: no tty', 101",
        "'24 800000', 101"
    })
    void columns(String said, int expected) {
        assertEquals(expected, TerminalWidth.columns(said, 101));
    }
}
