package ingot.tests;

import static org.junit.jupiter.api.Assertions.assertThrows;

import ingot.formats.IngotException;
import ingot.formats.json.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class SmokeTest {
    @Test
    void duplicateKeysAreRefused() {
        byte[] json = "{\"a\":1,\"a\":2}".getBytes(StandardCharsets.UTF_8);
        assertThrows(IngotException.BadData.class, () -> Json.parse(json, Path.of("x.json")));
    }
}
