package ingot.tests.hostile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.Text;
import ingot.formats.ingot.IngotFile;
import ingot.formats.ingot.StoredTensor;
import ingot.quant.ConvertOptions;
import ingot.quant.ConvertResult;
import ingot.quant.Converter;
import ingot.tests.hostile.HostileCase.Accepted;
import ingot.tests.hostile.HostileCase.Refused;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every case of the corpus through the converter: the right outcome, the right line, and nothing left behind. */
final class HostileCorpusTest {
    /** Far more than any case needs; only a reader that waits for a FIFO or a device reaches it. */
    private static final Duration HANG = Duration.ofMinutes(2);

    @TempDir
    private Path folder;

    static List<HostileCase> corpus() {
        return HostileCorpus.all();
    }

    @ParameterizedTest
    @MethodSource("corpus")
    void everyCaseEndsAsExpected(HostileCase hostile) throws IOException {
        Path source = HostileCorpus.make(hostile, folder);
        Path out = Files.createDirectory(folder.resolve("out"));
        Map<String, String> before = Trees.listing(folder.resolve(hostile.name()));
        switch (hostile.expected()) {
            case Refused refused -> {
                Throwable thrown = assertTimeoutPreemptively(
                        HANG, () -> assertThrows(Throwable.class, () -> convert(hostile, source, out)));
                if (thrown.getClass() != refused.kind().exception()) {
                    throw new AssertionError("expected " + refused.kind(), thrown);
                }
                requireOneLine(String.valueOf(thrown.getMessage()), refused);
                assertEquals(
                        List.of(),
                        List.copyOf(Trees.listing(out).keySet())
                                .subList(1, Trees.listing(out).size()));
            }
            case Accepted accepted -> {
                ConvertResult result = convert(hostile, source, out);
                requireWarning(accepted.warning(), result.warnings());
                requireValues(accepted, out.resolve("x.ingot"));
            }
        }
        assertEquals(before, Trees.listing(folder.resolve(hostile.name())), "the input's folder");
        assertTrue(Files.notExists(Path.of("executed")), "a template was run");
    }

    private static ConvertResult convert(HostileCase hostile, Path source, Path out) {
        ConvertOptions options =
                ConvertOptions.of(ConvertOptions.layout(hostile.type())).withThreads(2);
        return new Converter(options).convert(source, out.resolve("x.ingot"), Progress.none());
    }

    /** The message matches, fits a terminal line and has nothing in it that a terminal would obey. */
    static void requireOneLine(String message, Refused refused) {
        assertTrue(
                refused.message().matcher(message).find(), () -> "/" + refused.message() + "/ is not in: " + message);
        assertTrue(isPlain(message), () -> "control or format character in: " + message);
        assertTrue(message.length() < 1000, () -> message.length() + " characters: " + message.substring(0, 500));
    }

    /** Nothing in it would move the cursor, change colours, reorder or end the line. */
    static boolean isPlain(String text) {
        return text.equals(Text.visible(text));
    }

    /** Modules that were skipped because they are no part of the text model are listed, which is no warning. */
    private static void requireWarning(String expected, List<String> listed) {
        List<String> warnings =
                listed.stream().filter(w -> !w.startsWith("skipped ")).toList();
        assertEquals(expected.isEmpty() ? 0 : 1, warnings.size(), () -> "warnings: " + warnings);
        for (String warning : warnings) {
            assertTrue(warning.matches(".*" + expected + ".*"), warning);
        }
    }

    /** Decodes the tensors by the layout's definition. */
    private static void requireValues(Accepted accepted, Path out) {
        try (IngotFile file = IngotFile.open(out);
                Arena arena = Arena.ofConfined()) {
            file.verify(Progress.none());
            MemorySegment mapping = file.map(arena);
            accepted.values().forEach((name, expected) -> {
                StoredTensor tensor =
                        assertInstanceOf(StoredTensor.class, file.tensor(name).orElse(null), name);
                int rows = Math.toIntExact(tensor.shape().rows());
                int cols = Math.toIntExact(tensor.shape().cols());
                float[] row = new float[rows * cols];
                for (int i = 0; i < rows; i++) {
                    tensor.layout().decodeRow(rows, cols, file.parts(tensor, mapping), i, row, i * cols);
                }
                requireClose(expected, row, accepted.tolerance(), name);
            });
        } catch (IngotException e) {
            throw new AssertionError("the output cannot be read", e);
        }
    }

    private static void requireClose(float[] expected, float[] actual, double tolerance, String name) {
        if (tolerance == 0) {
            // 0 and -0 are the same weight.
            for (int i = 0; i < actual.length; i++) {
                actual[i] += 0f;
                expected[i] += 0f;
            }
            assertArrayEquals(expected, actual, name);
        } else {
            assertArrayEquals(expected, actual, (float) tolerance, name);
        }
    }
}
