package ingot.tests.hostile;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.runtime.Model;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model that runs reads its tokenizer as carefully as a conversion does. */
final class IngotTokenizerTest {
    @TempDir
    private Path folder;

    @Test
    void aTokenizerOf2GiBIsRefused() throws IOException {
        requireRefused(1L << 31, "a tokenizer of 2147483648 bytes");
    }

    @Test
    void aDamagedTokenizerIsRefused() throws IOException {
        requireRefused(64, "'ingot.tokenizer' does not match its checksum");
    }

    private void requireRefused(long bytes, String reason) throws IOException {
        Path file = IngotBytes.of(IngotBytes.tiny("f32")).writeWithTokenizer(folder.resolve("x.ingot"), bytes);
        try (Model model = Model.open(file)) {
            var thrown = assertThrows(IngotException.BadData.class, model::tokenizer);
            assertTrue(String.valueOf(thrown.getMessage()).contains(reason), thrown::getMessage);
        }
    }
}
