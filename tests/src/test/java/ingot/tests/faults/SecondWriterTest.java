package ingot.tests.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.ingot.IngotFile;
import ingot.quant.ConvertResult;
import ingot.tests.cli.ChildCommand;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** F7: two converters and one output; one wins, the other is told to wait. */
final class SecondWriterTest extends Benched {
    /** In this JVM and by the command. */
    @Test
    void aSecondConverterOfTheSameOutputIsToldToWait() throws IOException {
        Path source = bench.model(1000);
        Progress second = Bench.once(() -> {
            refusedByTheCommand(bench.convert(source, "f32"));
            assertThrows(
                    IngotException.Busy.class,
                    () -> Bench.converter("f32").convert(source, bench.out(), Progress.none()));
        });
        ConvertResult result = Bench.converter("f32").convert(source, bench.out(), second);
        assertEquals(Files.size(bench.out()), result.bytes());
        try (IngotFile file = IngotFile.open(bench.out())) {
            file.verify(Progress.none());
        }
        assertEquals(List.of("x.ingot"), bench.names());
    }

    /** Before the first one has hashed its source. */
    @Test
    void aSecondCalibrationOfTheSameOutputIsToldToWait() throws IOException {
        Path source = bench.model(7);
        Path tokens = bench.tokens();
        Runnable other = () -> refusedByTheCommand(bench.convert(
                source,
                "int4",
                "--calibration",
                tokens.toString(),
                "--calibration-tokens",
                "35",
                "--calibration-length",
                "7",
                "--resume"));
        Bench.calibrated(tokens, false).convert(source, bench.out(), Bench.once(other));
        assertEquals(List.of("x.ingot"), bench.names());
    }

    private static void refusedByTheCommand(String... words) {
        try {
            ChildCommand.Outcome outcome = ChildCommand.run(Bench.QUICK, words);
            Bench.requireRefused(outcome, 75, "another process is writing it; try again");
            assertTrue(outcome.out().isEmpty(), outcome::out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
