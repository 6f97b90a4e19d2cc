package ingot.tests.hostile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.tests.hostile.HostileCase.Accepted;
import ingot.tests.hostile.HostileCase.Refused;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every case of the corpus through the command in a process of little memory: its exit code, and one line that says why. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class CommandCorpusTest {
    @TempDir
    private Path folder;

    private CorpusServer command;

    @BeforeAll
    void start() throws IOException {
        command = new CorpusServer();
    }

    @AfterAll
    void stop() throws IOException {
        command.close();
    }

    /** All but the headers of 99 MB, which {@link MemoryTest} and {@link HostileCorpusTest} run. */
    static List<HostileCase> corpus() {
        return HostileCorpus.all().stream()
                .filter(c -> !c.name().startsWith("row-28"))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("corpus")
    void everyCaseHasItsExitCode(HostileCase hostile) throws IOException {
        Path source = HostileCorpus.make(hostile, folder);
        Path outputs = Files.createDirectory(folder.resolve("out"));
        Path out = outputs.resolve("x.ingot");
        CorpusServer.Outcome convert =
                command.run("convert", source.toString(), "-o", out.toString(), "--type", hostile.type());
        switch (hostile.expected()) {
            case Refused refused -> {
                assertEquals(refused.kind().exitCode(), convert.exit(), convert::err);
                // Slow machines print progress too.
                List<String> lines = convert.err()
                        .lines()
                        .filter(line -> line.startsWith("ingot: "))
                        .toList();
                assertEquals(1, lines.size(), convert::err);
                HostileCorpusTest.requireOneLine(lines.getFirst(), refused);
                assertEquals("", convert.out());
                requireFiles(outputs);
            }
            case Accepted accepted -> {
                assertEquals(0, convert.exit(), convert::err);
                assertTrue(
                        Pattern.compile(accepted.warning())
                                .matcher(convert.err())
                                .find(),
                        convert::err);
                requireFiles(outputs, "x.ingot");
            }
        }
        requireNoTrace(convert);
        CorpusServer.Outcome inspect = command.run("inspect", source.toString());
        assertTrue(Set.of(0, 65, 66, 78).contains(inspect.exit()), () -> inspect.exit() + ": " + inspect.err());
        requireNoTrace(inspect);
        assertEquals(List.of(), command.complaints());
    }

    /** Neither a part of an output nor a lock is left. */
    private static void requireFiles(Path folder, String... names) throws IOException {
        try (var files = Files.list(folder)) {
            assertEquals(
                    List.of(names),
                    files.map(Path::getFileName).map(Path::toString).sorted().toList());
        }
    }

    private static void requireNoTrace(CorpusServer.Outcome outcome) {
        String all = outcome.out() + outcome.err();
        assertTrue(
                HostileCorpusTest.isPlain(all.replaceAll("[\n\r\t]", "")),
                () -> "control or format character in: " + all);
        assertTrue(!all.contains("\tat ") && !all.contains("Exception"), all);
    }
}
