package ingot.tests.hostile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.gguf.GgufFile;
import ingot.formats.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The byte that a refused header's line names is where the fault stands. */
final class HeaderOffsetTest {
    private static final Pattern OFFSET = Pattern.compile("@(\\d+): ");

    @TempDir
    private Path folder;

    /** A field's value where it is wrong by itself, else the tensor's entry. */
    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '\'',
            value = {
                "row-08-comma-behind-wide-name, ',}'",
                "row-14-metadata-value-1, 1}",
                "row-15-offset-negative, '-1,167'",
                "row-16-float-in-shape, '7.0,6'",
                "row-26-unknown-dtype, '\"F31\"'",
                "row-24-size-mismatch, '{\"dtype\":\"F32\",\"shape\":[7,7]'",
                "row-29-name-with-nul, '{\"dtype\":\"U8\"'"
            })
    void safetensors(String name, String there) throws IOException {
        Path file = make(name).resolve("model.safetensors");
        var thrown = assertThrows(IngotException.BadData.class, () -> SafetensorsFile.open(file));
        requireAt(String.valueOf(thrown.getMessage()), 0, there, file);
    }

    /** Where the key or the tensor's name begins, with its length. */
    @ParameterizedTest
    @CsvSource({
        "row-78-key-twice, qwen2.block_count",
        "row-79-alignment-3, general.alignment",
        "row-81-zero-dimension, blk.0.ffn_gate.weight",
        "row-85-far-away, blk.0.ffn_gate.weight",
        "row-86-type-unknown, blk.0.ffn_gate.weight"
    })
    void gguf(String name, String there) throws IOException {
        Path file = make(name);
        var thrown = assertThrows(IngotException.BadData.class, () -> GgufFile.open(file));
        requireAt(String.valueOf(thrown.getMessage()), Long.BYTES, there, file);
    }

    private Path make(String name) throws IOException {
        HostileCase hostile = HostileCorpus.all().stream()
                .filter(c -> c.name().equals(name))
                .findFirst()
                .orElseThrow();
        return HostileCorpus.make(hostile, folder);
    }

    private static void requireAt(String message, int on, String there, Path file) throws IOException {
        Matcher offset = OFFSET.matcher(message);
        assertTrue(offset.find(), message);
        String all = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        int from = Integer.parseInt(offset.group(1)) + on;
        assertEquals(there, all.substring(from, from + there.length()), message);
    }
}
