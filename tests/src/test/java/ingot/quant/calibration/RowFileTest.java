package ingot.quant.calibration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ingot.formats.IngotException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows that are written while the caller goes on. */
final class RowFileTest {
    private static final Path FULL = Path.of("/dev/full");
    private static final int WIDTH = 33;
    private static final int ROWS = 20_000; // more than a buffer

    @TempDir
    private Path temp;

    @Test
    void whatIsWrittenBehindIsReadBack() {
        float[] rows = new float[ROWS * WIDTH];
        try (RowFile file = RowFile.create(temp.resolve("rows.f32"), WIDTH)) {
            for (int pass = 0; pass < 3; pass++) {
                file.settle();
                Arrays.fill(rows, pass);
                file.writeBehind((long) pass * ROWS, ROWS, rows);
            }
            for (int pass = 2; pass >= 0; pass--) {
                float[] read = new float[rows.length];
                file.read((long) pass * ROWS, ROWS, read);
                float[] expected = new float[rows.length];
                Arrays.fill(expected, pass);
                assertArrayEquals(expected, read);
            }
        }
    }

    @Test
    void aFailureComesOnceAndBeforeTheNextUse() {
        assumeTrue(Files.exists(FULL), "a device that is always full");
        RowFile file = RowFile.create(FULL, WIDTH);
        file.writeBehind(0, ROWS, new float[ROWS * WIDTH]);
        var e = assertThrows(IngotException.ReadWrite.class, file::settle);
        String message = String.valueOf(e.getMessage());
        assertTrue(message.startsWith(FULL + ": cannot be written"), message);
        file.settle();
        file.writeBehind(0, ROWS, new float[ROWS * WIDTH]);
        assertThrows(IngotException.ReadWrite.class, () -> file.read(0, 1, new float[WIDTH]));
        file.writeBehind(0, ROWS, new float[ROWS * WIDTH]);
        file.close();
    }
}
