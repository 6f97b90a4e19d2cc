package ingot.tests.integrity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.DType;
import ingot.formats.Progress;
import ingot.formats.block.Dense;
import ingot.quant.ConvertOptions;
import ingot.quant.Converter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many sessions of one model at once; ten minutes of it are {@code tests/load}. */
final class LoadTest {
    private static final Path FOLDER =
            Path.of(System.getProperty("ingot.root"), "golden-outputs/checkpoints/qwen2-tied-f32");

    @TempDir
    Path folder;

    @Test
    void sixtyFourSessionsAtOnceGiveWhatOneGives() throws InterruptedException {
        Path file = folder.resolve("model.ingot");
        new Converter(ConvertOptions.of(TYPE)).convert(FOLDER, file, Progress.none());
        Load.Result result = Load.run(file, 64, 16, 2, 0);
        assertEquals(0, result.wrong());
        assertEquals(128, result.texts());
        assertEquals(64, result.started(), "all sessions were open at once");
        assertTrue(result.tokens() > 1000, result.toString());
    }
}
