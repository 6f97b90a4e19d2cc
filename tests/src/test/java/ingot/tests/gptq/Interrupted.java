package ingot.tests.gptq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.Progress;
import ingot.quant.ConvertOptions;
import ingot.quant.Converter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Calibrated conversions that do not come to their end, beside one that did. */
abstract class Interrupted {
    static final Path SOURCE = Checkpoints.folder("qwen2_moe-a");
    static final String TYPE = "int4";

    @TempDir
    Path temp;

    Path data = Path.of("");
    Path whole = Path.of("");
    Path out = Path.of("");

    /** Stands for the end of the process. */
    static final class Stopped extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    @BeforeEach
    void convertUndisturbed() throws IOException {
        data = Checkpoints.tokens("qwen2_moe-a", temp.resolve("t.jsonl"));
        whole = temp.resolve("whole.ingot");
        out = temp.resolve("out.ingot");
        new Converter(options(false)).convert(SOURCE, whole, undisturbed());
    }

    /** Looks on at the conversion that is not interrupted. */
    Progress undisturbed() {
        return Progress.none();
    }

    ConvertOptions options(boolean resume) {
        return Checkpoints.gptq(TYPE, data, resume);
    }

    Path work() {
        return out.resolveSibling("out.ingot.work");
    }

    void convert(ConvertOptions options) {
        Checkpoints.convert(SOURCE, out, options);
    }

    void assertSameAndClean() throws IOException {
        assertEquals(-1, Files.mismatch(whole, out), "the bytes of an undisturbed conversion");
        try (var left = Files.list(temp)) {
            List<Path> others =
                    left.filter(p -> !List.of(data, whole, out).contains(p)).toList();
            assertTrue(others.isEmpty(), "left behind: " + others);
        }
    }

    /** Runs until {@code progress} throws {@link Stopped}. */
    void stop(ConvertOptions options, Progress progress) {
        assertThrows(Stopped.class, () -> new Converter(options).convert(SOURCE, out, progress));
    }
}
