package ingot.tests.hostile;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.tests.cli.ChildCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
        String line = requireBadData(HostileCorpus.make(hostile, folder), "-Xmx192m");
        HostileCorpusTest.requireOneLine(line, assertInstanceOf(HostileCase.Refused.class, hostile.expected()));
    }

    /** Small values in large numbers: a tree of them is many times the text. */
    @ParameterizedTest
    @ValueSource(strings = {"[],", "{},", "-7,", "\"\",", "1.5,"})
    void configOfManyValues(String value) throws IOException, InterruptedException {
        Path model = new TinyModel().write(Files.createDirectory(folder.resolve("model")));
        int n = (4 << 20) / value.length() - 10;
        Files.writeString(model.resolve("config.json"), "{\"a\":[" + value.repeat(n) + "0]}");
        requireBadData(model, "-Xmx192m");
    }

    /** The same in the largest tokenizer.json allowed. */
    @ParameterizedTest
    @ValueSource(strings = {"[],", "1.5,"})
    void tokenizerOfManyValues(String value) throws IOException, InterruptedException {
        Path model = new TinyModel().write(Files.createDirectory(folder.resolve("model")));
        int n = (120 << 20) / value.length();
        Files.writeString(model.resolve("tokenizer.json"), "{\"a\":[" + value.repeat(n) + "0]}");
        requireBadData(model, "-Xmx1g");
    }

    /** The line that says why. */
    private String requireBadData(Path source, String heap) throws IOException, InterruptedException {
        var outcome = ChildCommand.run(
                List.of(heap, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                "convert",
                source.toString(),
                "-o",
                folder.resolve("x.ingot").toString(),
                "--type",
                "f32");
        assertTrue(outcome.exit() == 65 || outcome.exit() == 78, outcome::err);
        return outcome.err()
                .lines()
                .filter(line -> line.startsWith("ingot: "))
                .findFirst()
                .orElseThrow();
    }
}
