package ingot.tests.gptq;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.quant.ConvertResult;
import ingot.quant.calibration.CalibrationOptions;
import ingot.quant.calibration.CalibrationSet;
import ingot.runtime.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is read to calibrate on, and what is refused. */
final class CalibrationDataTest {
    private static final int VOCABULARY = 100;

    @TempDir
    Path temp;

    private Path file(String content) throws IOException {
        return Files.writeString(temp.resolve("data"), content);
    }

    private static CalibrationSet read(Path file, int tokens, int length, long seed) {
        var options = new CalibrationOptions(Optional.of(file), tokens, length, seed);
        return CalibrationSet.read(options, Optional.<Tokenizer>empty(), VOCABULARY);
    }

    /** Reads a token file with something wrong; the message is one line and names the file and {@code part}. */
    private void refuses(String content, String part) throws IOException {
        var e = assertThrows(IngotException.BadData.class, () -> read(file(content), 64, 32, 0));
        assertTrue(e.getMessage().contains(part), e.getMessage());
        assertTrue(e.getMessage().contains("data"), e.getMessage());
        assertEquals(1, e.getMessage().lines().count(), e.getMessage());
    }

    @Test
    void tokenFiles() throws IOException {
        int[] text = IntStream.range(0, 75).toArray();
        CalibrationSet set = read(
                file("\n  " + Checkpoints.line(text) + "\r\n\n" + Checkpoints.line(7, 8) + "{\"ids\": []}"),
                640,
                32,
                0);
        assertEquals(3, set.sequences().size(), "two of the long text, whose rest is dropped, and the short one");
        assertArrayEquals(Arrays.copyOfRange(text, 32, 64), set.sequences().get(1));
        assertArrayEquals(new int[] {7, 8}, set.sequences().get(2));
        assertEquals(66, set.tokens());
    }

    @Test
    void choice() throws IOException {
        Path file = file(Checkpoints.line(IntStream.range(0, 99).toArray()));
        CalibrationSet first = read(file, 12, 3, 0);
        assertEquals(4, first.sequences().size());
        List<Integer> starts = first.sequences().stream().map(s -> s[0]).toList();
        assertEquals(starts.stream().sorted().toList(), starts, "in their order");
        assertArrayEquals(
                first.sequences().toArray(), read(file, 12, 3, 0).sequences().toArray(), "the seed decides");
        assertNotEquals(first.toJson(), read(file, 12, 3, 1).toJson(), "another seed, another choice");
        assertEquals(33, read(file, 1000, 3, 5).sequences().size(), "all, when more are asked for");
    }

    /** Texts shorter than a sequence count with the tokens they have. */
    @Test
    void choiceAmongTextsOfAnyLength() throws IOException {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 60; i++) {
            lines.append(Checkpoints.line(IntStream.rangeClosed(1, 1 + i % 10).toArray()));
        }
        Path file = file(lines.toString());
        CalibrationSet set = read(file, 100, 32, 0);
        assertTrue(set.tokens() > 90 && set.tokens() <= 100, "tokens: " + set.tokens());
        assertEquals(set.toJson(), read(file, 100, 32, 0).toJson(), "the seed decides");
        assertNotEquals(set.toJson(), read(file, 100, 32, 1).toJson(), "another seed, another choice");
        assertEquals(60, read(file, 330, 32, 0).sequences().size(), "all, when there are no more");
    }

    @Test
    void tokenFilesOfOthers() throws IOException {
        CalibrationSet set = read(file("{\"text\": \"a b\", \"ids\": [5, 6]}\n{\"ids\": [7]}\n"), 64, 32, 0);
        assertEquals(3, set.tokens());
        assertEquals(2, read(file("\uFEFF{\"ids\": [5, 6]}\n"), 64, 32, 0).tokens());
    }

    @Test
    void wrongTokenFiles() throws IOException {
        refuses(Checkpoints.line(5, 100), "token 100 is outside the model's vocabulary of 100");
        refuses(Checkpoints.line(5, -1), "token -1");
        refuses(Checkpoints.line(5) + "{\"ids\": [1, 2.5]}", "line 2: id 1 is not a whole number");
        refuses(Checkpoints.line(5) + "{\"ids\": [1, \"2\"]}", "line 2: id 1 is not a whole number");
        refuses(Checkpoints.line(5) + "{\"ids\": [99999999999]}", "line 2: id 0");
        refuses(Checkpoints.line(5) + "{\"ids\": 7}", "line 2: expected {\"ids\": [numbers]}");
        refuses(Checkpoints.line(5) + "{\"words\": [7]}", "line 2: expected {\"ids\": [numbers]}");
        refuses(Checkpoints.line(5) + "[7]", "line 2");
        refuses(Checkpoints.line(5) + "{\"ids\": [1, 2", "line 2");
        refuses("{\"ids\": []}", "holds no token");
        Files.write(temp.resolve("data"), new byte[] {'{', '"', 'i', 'd', 's', '"', ':', '[', (byte) 0xFF, ']', '}'});
        assertThrows(IngotException.BadData.class, () -> read(temp.resolve("data"), 64, 32, 0));
    }

    @Test
    void noTokenizer() throws IOException {
        var e = assertThrows(IngotException.MissingInput.class, () -> read(file("some text"), 64, 32, 0));
        assertTrue(e.getMessage().contains("no tokenizer") && e.getMessage().contains("{\"ids\""), e.getMessage());
    }

    @Test
    void noFile() throws IOException {
        assertThrows(IngotException.MissingInput.class, () -> read(temp.resolve("absent"), 64, 32, 0));
        assertThrows(IngotException.BadData.class, () -> read(temp, 64, 32, 0));
        assertThrows(IngotException.BadData.class, () -> read(Path.of("/"), 64, 32, 0));
    }

    @Test
    void optionsOutOfRange() {
        for (int length : new int[] {-1, 0, 1, 8193, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
            assertThrows(IngotException.Usage.class, () -> new CalibrationOptions(Optional.empty(), 65536, length, 0));
        }
        for (int tokens : new int[] {-1, 0, 511, Integer.MIN_VALUE}) {
            assertThrows(IngotException.Usage.class, () -> new CalibrationOptions(Optional.empty(), tokens, 512, 0));
        }
    }

    /** Texts, through a whole conversion: the tokenizer is the model's. */
    @Test
    void texts() throws IOException {
        Path source = Checkpoints.folder("qwen2-e2e");
        Path out = temp.resolve("o.ingot");
        Path data = file("");
        var e = assertThrows(
                IngotException.BadData.class,
                () -> Checkpoints.convert(source, out, Checkpoints.gptq("int8", data, false)));
        assertTrue(e.getMessage().contains("holds no token"), e.getMessage());
        Files.write(data, new byte[] {'a', (byte) 0xFF, 'b'});
        e = assertThrows(
                IngotException.BadData.class,
                () -> Checkpoints.convert(source, out, Checkpoints.gptq("int8", data, false)));
        assertTrue(e.getMessage().contains("not UTF-8"), e.getMessage());
        assertFalse(Files.exists(out.resolveSibling("o.ingot.work")), "no work was begun");
        file("A short text.");
        Checkpoints.convert(source, out, Checkpoints.gptq("int8", data, false));
        assertTrue(Files.exists(out));
        file("{\"text\": \"A short text.\", \"source\": 7}\n\n{\"text\": \"And another one.\"}\n");
        ConvertResult lines =
                Checkpoints.convert(source, temp.resolve("lines.ingot"), Checkpoints.gptq("int8", data, false));
        assertEquals(2, lines.calibration().orElseThrow().set().get("sequences").asInt(), "a sequence for each text");
        file("{\"text\": \"A short text.\"}\n{\"text\": 5}\n");
        e = assertThrows(
                IngotException.BadData.class,
                () -> Checkpoints.convert(source, temp.resolve("x.ingot"), Checkpoints.gptq("int8", data, false)));
        assertTrue(e.getMessage().contains("line 2: expected {\"text\""), e.getMessage());
        assertThrows(
                IngotException.MissingInput.class,
                () -> Checkpoints.convert(
                        Checkpoints.folder("qwen3_moe-a"),
                        temp.resolve("x.ingot"),
                        Checkpoints.gptq("int8", data, false)));
    }
}
