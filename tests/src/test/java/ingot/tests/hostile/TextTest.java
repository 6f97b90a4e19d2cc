package ingot.tests.hostile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import ingot.formats.Text;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Foreign text shows nothing that a terminal obeys, and costs what is shown of it. */
final class TextTest {
    /** Escape, CSI as one character, overrides of direction, no width, a line's and a paragraph's end, a lone surrogate. */
    @ParameterizedTest
    @ValueSource(chars = {'\u001b', '\u009b', '\u202e', '\u2066', '\u200b', '\u2028', '\u2029', '\ud800', '\0', '\n'})
    void whatATerminalObeysIsEscaped(char c) {
        String escaped = "a\\u%04xb".formatted((int) c);
        assertEquals(escaped, Text.visible("a" + c + "b"));
        assertEquals("'" + escaped + "'", Text.quote("a" + c + "b"));
        assertEquals("a\ufffdb", Text.cell("a" + c + "b"));
    }

    @Test
    void charactersBeyondTheFirstPlaneAreEscapedAsPairs() {
        assertEquals("\\udb40\\udc01", Text.visible("\udb40\udc01"));
        assertEquals("\ufffd", Text.cell("\udb40\udc01"));
    }

    @Test
    void ordinaryTextIsLeftAlone() {
        String text = "caf\u00e9 漢字 \ud83d\ude00 'x' \\n";
        assertEquals(text, Text.visible(text));
        assertEquals(text, Text.cell(text));
    }

    @Test
    void longNamesAreCutBetweenCharacters() {
        assertEquals("'" + "x".repeat(80) + "'", Text.quote("x".repeat(80)));
        assertEquals("'" + "x".repeat(79) + "…'", Text.quote("x".repeat(81)));
        assertEquals("'" + "x".repeat(78) + "…'", Text.quote("x".repeat(78) + "\ud83d\ude00".repeat(2)));
        assertEquals("'" + "x".repeat(75) + "…'", Text.quote("x".repeat(75) + "\u001b".repeat(2)));
        assertEquals("x".repeat(199) + "…", Text.line("x".repeat(300) + "\nmore"));
    }

    @Test
    void theFileSystemIsQuotedWithoutThePath(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "x");
        requireReason("no such file or folder", () -> Files.size(folder.resolve("absent")));
        requireReason("the folder is not empty", () -> Files.delete(folder));
        requireReason("a file is in the way", () -> Files.createDirectories(file));
        requireReason("not a folder", () -> Files.list(file).close());
        requireReason("Not a directory", () -> Files.writeString(file.resolve("below"), "x"));
    }

    private static void requireReason(String expected, Executable fails) {
        assertEquals(expected, Text.reason(assertThrows(IOException.class, fails)));
    }

    /** JSON on a terminal means the same and shows nothing else. */
    @Test
    void jsonStaysWhatItIs() {
        var node = Json.object().put("\u009b2J", "\u202e\udb40\udc01\u001b\t漢");
        String shown = Text.json(Json.pretty(node));
        assertTrue(shown.codePoints()
                .allMatch(c -> c == '\n' || Text.visible(Character.toString(c)).length() < 3));
        assertEquals(node, Json.parseObject(shown.getBytes(StandardCharsets.UTF_8), Path.of("x"), JsonBound.INPUT));
    }

    @Test
    void aNameOfMegabytesCostsWhatIsShown() {
        String name = "\u200b".repeat(20_000_000);
        var thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = thread.getCurrentThreadAllocatedBytes();
        String shown = Text.quote(name);
        long cost = thread.getCurrentThreadAllocatedBytes() - before;
        assertTrue(shown.length() < 90, shown);
        assertTrue(cost < 1 << 20, cost + " bytes for a name that is cut");
    }
}
