package ingot.tests.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.gguf.GgufFile;
import ingot.formats.gguf.GgufModel;
import ingot.formats.gguf.GgufTensor;
import ingot.formats.hf.GenerationDefaults;
import ingot.formats.hf.ModelConfigs;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every prefix and every single-bit error of a small GGUF file: refused, or read as something the format allows. */
final class GgufSweepTest {
    @TempDir
    private Path folder;

    private static GgufWriter small() {
        return Tiny.metadata(new GgufWriter(), 2)
                .text("tokenizer.ggml.model", "gpt2")
                .text("tokenizer.ggml.pre", "qwen2")
                .strings("tokenizer.ggml.tokens", List.of("a", "b", "ab"))
                .ints("tokenizer.ggml.token_type", List.of(1, 1, 3))
                .strings("tokenizer.ggml.merges", List.of("a b"))
                .u32("tokenizer.ggml.eos_token_id", 2)
                .tensor("token_embd.weight", 0, Tiny.bytes(1, 2, 3, 4, 5, 6), 3, 2)
                .tensor("output.weight", 8, new byte[68], 32, 2)
                .tensor("output_norm.weight", 1, new byte[6], 3);
    }

    @Test
    void everyPrefixIsRefused() throws IOException {
        byte[] file = small().build();
        // The padding behind the last tensor may be missing: nothing reads it.
        int end = file.length - 26;
        Path path = folder.resolve("x.gguf");
        for (int n = 0; n < end; n++) {
            Files.write(path, Arrays.copyOf(file, n));
            var e = assertThrows(
                    IngotException.BadData.class, () -> GgufFile.open(path).close(), "prefix of " + n);
            assertTrue(e.getMessage().chars().noneMatch(Character::isISOControl), e::getMessage);
        }
        for (int n = end; n <= file.length; n++) {
            Files.write(path, Arrays.copyOf(file, n));
            GgufFile.open(path).close();
        }
    }

    @Test
    void everyBitErrorInTheHeaderIsRefusedOrSane() throws IOException {
        GgufWriter writer = small();
        byte[] file = writer.build();
        int end = writer.header().length;
        Path path = folder.resolve("x.gguf");
        int accepted = 0;
        for (int bit = 0; bit < 8 * end; bit++) {
            byte[] damaged = file.clone();
            damaged[bit / 8] ^= (byte) (1 << bit % 8);
            Files.write(path, damaged);
            accepted += saneOrRefused(path) ? 1 : 0;
        }
        // Letters of keys, names and strings may change; structure may not.
        assertTrue(accepted > 0 && accepted < 5 * end, accepted + " of " + 8 * end + " accepted");
    }

    private static boolean saneOrRefused(Path path) throws IOException {
        boolean sane = false;
        try (GgufFile file = GgufFile.open(path)) {
            for (GgufTensor t : file.tensors().values()) {
                assertTrue(t.offset() >= 0 && t.offset() + t.bytes() <= Files.size(path), t::toString);
                assertEquals(
                        t.shape().count() / t.type().blockWeights() * t.type().blockBytes(), t.bytes());
                byte[] data = new byte[(int) t.bytes()];
                file.read(t, 0, MemorySegment.ofArray(data));
            }
            sane = true;
        } catch (IngotException.BadData e) {
            assertTrue(e.getMessage().length() < 1000, e::getMessage);
        }
        try (GgufModel model = GgufModel.open(path)) {
            GenerationDefaults.read(model.generationConfig(), model.config());
            ModelConfigs.read(model.config(), path);
            model.tokenizer();
        } catch (IngotException.BadData | IngotException.ConfigMismatch | IngotException.MissingInput e) {
            assertTrue(e.getMessage().length() < 1000, e::getMessage);
        }
        return sane;
    }
}
