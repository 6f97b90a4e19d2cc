package ingot.tests.hostile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.tests.cli.ChildCommand;
import ingot.tests.hostile.HostileCase.Accepted;
import ingot.tests.hostile.HostileCase.Refused;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The command in a process of its own for a file of every eighth row, or for all files with
 * {@code -Dingot.hostile.all=true} ({@code tests/hostile/run all}).
 */
final class HostileProcessTest {
    @TempDir
    private Path folder;

    static List<HostileCase> cases() {
        List<HostileCase> small = HostileCorpus.all().stream()
                .filter(c -> !c.name().startsWith("row-28"))
                .toList();
        if (Boolean.getBoolean("ingot.hostile.all")) {
            return small;
        }
        return HostileRows.byRow().entrySet().stream()
                .filter(e -> e.getKey() % 8 == 1)
                .map(e -> e.getValue().getFirst())
                .toList();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void endsWithItsExitCodeAndOneLine(HostileCase hostile) throws IOException, InterruptedException {
        Path source = HostileCorpus.make(hostile, folder);
        Path out = Files.createDirectory(folder.resolve("out"));
        var outcome = ChildCommand.run(
                CorpusServer.SMALL,
                "convert",
                source.toString(),
                "-o",
                out.resolve("x.ingot").toString(),
                "--type",
                hostile.type());
        switch (hostile.expected()) {
            case Refused refused -> {
                assertEquals(refused.kind().exitCode(), outcome.exit(), outcome::err);
                // The JVM itself says that the vector module is an incubating one.
                List<String> lines = outcome.err()
                        .lines()
                        .filter(l -> !l.startsWith("WARNING: Using incubator"))
                        .toList();
                assertEquals(1, lines.size(), outcome::err);
                HostileCorpusTest.requireOneLine(lines.getFirst(), refused);
                assertEquals(List.of(""), List.copyOf(Trees.listing(out).keySet()));
            }
            case Accepted accepted -> {
                assertEquals(0, outcome.exit(), outcome::err);
                assertTrue(Files.exists(out.resolve("x.ingot")));
            }
        }
    }
}
