package ingot.tests.hostile;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.Shape;
import ingot.formats.safetensors.SafetensorsFile;
import ingot.formats.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is written can be read: the most tensors are, one more is refused before anything is written. */
final class WriterLimitTest {
    @TempDir
    private Path folder;

    @Test
    void asManyTensorsAsCanBeRead() throws IOException {
        SafetensorsWriter writer = new SafetensorsWriter(1);
        for (int i = 0; i < 250_000; i++) {
            writer.add("t" + i, DType.U8, new Shape(0));
        }
        var refused = assertThrows(IngotException.Usage.class, () -> writer.add("one more", DType.U8, new Shape(0)));
        assertTrue(String.valueOf(refused.getMessage()).contains("more than 250000 tensors"), refused.getMessage());
        Path file = folder.resolve("many.safetensors");
        Files.write(file, writer.header(Map.of()).array());
        try (SafetensorsFile read = SafetensorsFile.open(file)) {
            assertTrue(read.tensors().size() == 250_000);
        }
    }
}
