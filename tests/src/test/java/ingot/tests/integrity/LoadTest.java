package ingot.tests.integrity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.Progress;
import ingot.formats.block.Int4;
import ingot.quant.ConvertOptions;
import ingot.quant.Converter;
import java.nio.file.Path;
import java.util.List;
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
    void memoryThatGrowsIsNoticed() {
        long heap = 100 << 20;
        long resident = 700 << 20;
        assertTrue(flat(memory(9 * heap, 9 * resident), memory(heap, resident)));
        assertTrue(flat(memory(0, 0), memory(heap, resident), memory(9 * heap, resident), memory(heap, resident)));
        assertTrue(flat(
                memory(0, 0), memory(heap, resident), memory(heap + Load.MARGIN, resident + Load.RESIDENT_MARGIN)));
        assertFalse(flat(memory(0, 0), memory(heap, resident), memory(heap + Load.MARGIN + 1, resident)));
        assertFalse(flat(memory(0, 0), memory(heap, resident), memory(heap, resident + Load.RESIDENT_MARGIN + 1)));
    }

    private static Load.Memory memory(long heap, long resident) {
        return new Load.Memory(heap, resident);
    }

    /** The first is not looked at, the second is what the last is compared with. */
    private static boolean flat(Load.Memory... memory) {
        return new Load.Result(1, 1, 0, 1, List.of(memory)).flat();
    }
}
