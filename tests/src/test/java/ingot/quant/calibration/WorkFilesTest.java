package ingot.quant.calibration;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The end of a folder of work. */
final class WorkFilesTest {
    /** Whatever stops a removal, what is left belongs to nobody: of 31 files only the key can be deleted here. */
    @Test
    void theKeyGoesFirst(@TempDir Path temp) throws IOException {
        Path folder = Files.createDirectory(temp.resolve("out.ingot.work"));
        for (int i = 0; i < 30; i++) {
            Path stuck = Files.createDirectory(WorkFiles.list(folder, i));
            Files.createFile(stuck.resolve("inside"));
        }
        WorkFiles.save(WorkFiles.key(folder), Json.object());
        assertThrows(IngotException.class, () -> WorkFiles.remove(folder));
        assertFalse(Files.exists(WorkFiles.key(folder)));
        assertTrue(Files.exists(WorkFiles.list(folder, 0)));
    }
}
