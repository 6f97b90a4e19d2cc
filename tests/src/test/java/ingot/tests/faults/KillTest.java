package ingot.tests.faults;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.Progress;
import ingot.tests.cli.ChildCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** F1, sudden death: a few of the kills of {@code tests/faults/run}, and what they may leave. */
final class KillTest {
    private static final Path GOLDEN = Path.of(System.getProperty("ingot.root"), "golden-outputs");

    @TempDir
    private Path folder;

    @Test
    void killedWhileItRounds() throws IOException, InterruptedException {
        List<String> quick = ChildCommand.command("ingot.cli.Main", Bench.QUICK);
        Kills.Tally tally = new Kills(quick, Kills.Kind.PLAIN, GOLDEN, make("plain"), 1).run(8);
        assertTrue(tally.kills == 8 && tally.tooLate < 8, tally.toString());
    }

    @Test
    void killedWhileItCalibrates() throws IOException, InterruptedException {
        List<String> compiled = ChildCommand.command("ingot.cli.Main", List.of("-XX:+UseSerialGC"));
        Kills.Tally tally = new Kills(compiled, Kills.Kind.CALIBRATED, GOLDEN, make("calibrated"), 2).run(4);
        assertTrue(tally.kills == 4 && tally.tooLate < 5, tally.toString());
    }

    /** What a killed run left is overwritten, or removed where another type makes nothing of it. */
    @Test
    void staleFilesAreReaped() throws IOException {
        Bench bench = new Bench(folder);
        Path source = bench.model(100);
        Bench.converter("int4").convert(source, bench.out(), Progress.none());
        byte[] whole = Files.readAllBytes(bench.out());
        for (String stale : List.of(".x.ingot.part", ".x.ingot.lock")) {
            Files.write(bench.out().resolveSibling(stale), new byte[1_000_000]);
        }
        Bench.converter("int4").convert(source, bench.out(), Progress.none());
        assertArrayEquals(whole, Files.readAllBytes(bench.out()));
        assertEquals(List.of("x.ingot"), bench.names());
    }

    private Path make(String name) throws IOException {
        return Files.createDirectory(folder.resolve(name));
    }
}
