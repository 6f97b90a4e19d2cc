package ingot.tests.integrity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.Progress;
import ingot.formats.block.Int4;
import ingot.quant.ConvertOptions;
import ingot.quant.Converter;
import java.nio.file.Path;
import java.util.Arrays;
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
        new Converter(ConvertOptions.of(new Int4(32))).convert(FOLDER, file, Progress.none());
        Load.Result result = Load.run(file, 64, 16, 2, 0);
        assertEquals(0, result.wrong());
        assertEquals(128, result.texts());
        assertEquals(64, result.started(), "all sessions were open at once");
        assertTrue(result.tokens() > 1000, result.toString());
    }

    /** What {@code tests/load} ends with. */
    @Test
    void aHeapThatGrowsIsNoticed() {
        assertTrue(heaps(900 << 20, 100 << 20, 300 << 20, (100 << 20) + Load.MARGIN)
                .flat());
        assertFalse(heaps(900 << 20, 100 << 20, 100 << 20, (100 << 20) + Load.MARGIN + 1)
                .flat());
    }

    private static Load.Result heaps(long... bytes) {
        return new Load.Result(1, 1, 0, 1, Arrays.stream(bytes).boxed().toList());
    }
}
