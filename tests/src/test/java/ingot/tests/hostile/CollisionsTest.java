package ingot.tests.hostile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.tokenizer.TokenizerReader;
import ingot.runtime.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/** Tables of a tokenizer that somebody made to be slow are refused when it is built. */
final class CollisionsTest {
    @TempDir
    private Path folder;

    @Test
    void textsCollide() {
        List<String> texts = Collisions.texts(4);
        assertEquals(16, texts.stream().distinct().count());
    }

    @Test
    void mergesThatCollideAreRefused() throws IOException {
        requireRefused("tokenizer: merges: made so that more than 256", Collisions::merges);
    }

    @Test
    void addedTokensThatCollideAreRefused() throws IOException {
        requireRefused("tokenizer: added tokens: made so that more than 256", Collisions::addedTokens);
    }

    private void requireRefused(String message, Consumer<ObjectNode> edit) throws IOException {
        TokenizerCases.tokenizer(folder, 4096, edit);
        var data = TokenizerReader.read(folder);
        var thrown = assertThrows(IngotException.BadData.class, () -> Tokenizer.of(data));
        assertTrue(String.valueOf(thrown.getMessage()).contains(message), thrown::getMessage);
    }
}
