package ingot.tests.integrity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.block.Dense;
import ingot.formats.block.Int4;
import ingot.formats.ingot.IngotFile;
import ingot.quant.ConvertOptions;
import ingot.quant.Converter;
import ingot.tests.cli.ChildCommand;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A model file that is cut short, written to, replaced or deleted while it runs; in a JVM that may die of it. */
final class ChangedFileTest {
    private static final Path FOLDER =
            Path.of(System.getProperty("ingot.root"), "golden-outputs/checkpoints/qwen2-tied-f32");

    @TempDir
    static Path folder;

    @BeforeAll
    static void convert() {
        new Converter(ConvertOptions.of(new Dense(DType.F32)))
                .convert(FOLDER, folder.resolve("model.ingot"), Progress.none());
    }

    /** A copy of which one half is old and the other new would be nobody's model. */
    @Test
    void beforeItWasCopied() throws IOException {
        Path path = Files.copy(folder.resolve("model.ingot"), folder.resolve("copied.ingot"));
        try (IngotFile file = IngotFile.open(path);
                Arena arena = Arena.ofConfined()) {
            file.copy(arena);
            Files.setLastModifiedTime(path, FileTime.from(Instant.parse("2001-01-01T00:00:00Z")));
            var e = assertThrows(IngotException.ReadWrite.class, () -> file.copy(arena));
            assertTrue(String.valueOf(e.getMessage()).contains("it was written to at 2001"), e.getMessage());
        }
    }

    /** A conversion maps its source; what was made of a changed one never gets its name. */
    @Test
    void whileItIsConverted() throws IOException {
        Path source = Files.copy(folder.resolve("model.ingot"), folder.resolve("source.ingot"));
        Path output = folder.resolve("output.ingot");
        Progress writer = (stage, done, total, unit) -> {
            try {
                Files.setLastModifiedTime(source, FileTime.from(Instant.parse("2001-01-01T00:00:00Z")));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        };
        Converter converter = new Converter(ConvertOptions.of(new Int4(32)));
        var e = assertThrows(IngotException.BadData.class, () -> converter.convert(source, output, writer));
        assertTrue(String.valueOf(e.getMessage()).contains("was changed while it was read"), e.getMessage());
        assertFalse(Files.exists(output));
    }

    @ParameterizedTest
    @CsvSource({
        "TRUNCATED, mapped, it has",
        "EMPTIED, mapped, it has 0 bytes instead of",
        "APPENDED, mapped, it has",
        "OVERWRITTEN, mapped, it was written to at",
        "REPLACED, mapped, the same",
        "DELETED, mapped, the same",
        "TRUNCATED, copied, the same",
        "EMPTIED, copied, the same",
        "OVERWRITTEN, copied, the same",
    })
    void whileItRuns(ChangedFile.Scenario scenario, String loading, String expected)
            throws IOException, InterruptedException {
        Path file = Files.copy(folder.resolve("model.ingot"), folder.resolve(scenario + loading + ".ingot"));
        var outcome = ChildCommand.runMain(
                ChangedFile.class.getName(),
                List.of("-XX:TieredStopAtLevel=1"),
                file.toString(),
                scenario.name(),
                loading);
        assertEquals(0, outcome.exit(), outcome.err());
        assertTrue(outcome.out().contains(expected), outcome.out());
        assertEquals(expected.equals("the same"), !outcome.out().startsWith("ReadWrite "), outcome.out());
    }
}
