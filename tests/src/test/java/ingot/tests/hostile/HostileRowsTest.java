package ingot.tests.hostile;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** No row of the catalogue is without a file, and docs/hostile-files.md lists what the tests try. */
final class HostileRowsTest {
    private static final Path DOC = Path.of(System.getProperty("ingot.root"), "docs", "hostile-files.md");

    @Test
    void everyRowHasAFile() {
        assertEquals(101, HostileRows.TITLES.size());
        assertEquals(
                IntStream.rangeClosed(1, 101).boxed().toList(),
                List.copyOf(HostileRows.byRow().keySet()));
    }

    @Test
    void theDocumentListsEveryFile() throws IOException {
        List<String> listed = Files.readAllLines(DOC).stream()
                .filter(l -> l.matches("\\| [0-9]+ .*"))
                .toList();
        assertEquals(
                String.join("\n", HostileRows.table()),
                String.join("\n", listed),
                "print the rows with tests/hostile/run table");
    }
}
