package ingot.tests.hostile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Inputs made to exhaust memory are refused as bad data in a JVM that has little of it. */
final class MemoryTest {
    @TempDir
    private Path folder;

    static List<HostileCase> headers() {
        return HeaderBombCases.all();
    }

    /** The header of 99 MB has to be read; 64 MiB more must do for everything made of it, and the JVM needs a little. */
    @ParameterizedTest
    @MethodSource("headers")
    void hugeHeaders(HostileCase hostile) throws IOException, InterruptedException {
        String line = requireBadData(HostileCorpus.make(hostile, folder), 192);
        HostileCorpusTest.requireOneLine(line, assertInstanceOf(HostileCase.Refused.class, hostile.expected()));
    }

    /** Small values in large numbers: a tree of them is many times the text. */
    @ParameterizedTest
    @ValueSource(strings = {"[],", "-7,", "\"\",", "1.5,"})
    void configOfManyValues(String value) throws IOException, InterruptedException {
        Path model = new TinyModel().write(Files.createDirectory(folder.resolve("model")));
        int n = (4 << 20) / value.length() - 10;
        Files.writeString(model.resolve("config.json"), "{\"a\":[" + value.repeat(n) + "0]}");
        String line = requireBadData(model, 64);
        assertTrue(line.matches(".*config\\.json: @\\d+: JSON of more than 524288 names, values and brackets.*"), line);
    }

    static List<Bound> bounds() {
        return BoundCases.all();
    }

    /** Up to the bounds, where most is kept. */
    @ParameterizedTest
    @MethodSource("bounds")
    void theMostThatIsRead(Bound bound) throws IOException, InterruptedException {
        Path model = bound.maker().make(Files.createDirectory(folder.resolve("model")));
        var outcome = bound.run(model, folder.resolve("x.ingot"), bound.heap());
        assertEquals(bound.exit(), outcome.exit(), outcome::err);
        assertTrue(Pattern.compile(bound.message()).matcher(outcome.err()).find(), outcome::err);
    }

    /** The line that says why. */
    private String requireBadData(Path source, int heap) throws IOException, InterruptedException {
        var outcome = Bound.convert(source, folder.resolve("x.ingot"), heap);
        assertEquals(65, outcome.exit(), outcome::err);
        return outcome.err()
                .lines()
                .filter(line -> line.startsWith("ingot: "))
                .findFirst()
                .orElseThrow();
    }
}
