package ingot.tests.hostile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.ingot.IngotFile;
import ingot.formats.json.Json;
import ingot.quant.ConvertOptions;
import ingot.quant.Converter;
import ingot.runtime.Model;
import ingot.runtime.template.ChatRequest;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a conversion copies without judging it: a template (row 94), and with leave to do so NaN (row 95). */
final class KeptAsItIsTest {
    @TempDir
    private Path folder;

    @Test
    void aTemplateIsCopiedAndHarmlessWhenItIsRendered() throws IOException {
        Path model = Files.createDirectory(folder.resolve("model"));
        Files.writeString(model.resolve("chat_template.jinja"), TokenizerCases.PAYLOAD);
        Path out = convert(TokenizerCases.tokenizer(model, TokenizerCases.VOCAB, root -> {}), false);
        try (IngotFile file = IngotFile.open(out)) {
            assertEquals(
                    TokenizerCases.PAYLOAD,
                    file.tokenizer().orElseThrow().config().chatTemplate());
        }
        var messages = Json.array();
        messages.addObject().put("role", "user").put("content", "hello");
        try (Model opened = Model.open(out)) {
            String rendered = opened.chatTemplate().orElseThrow().render(ChatRequest.of(messages));
            assertTrue(rendered.length() < 1000, rendered);
        } catch (IngotException.BadData e) {
            assertTrue(String.valueOf(e.getMessage()).contains("x.ingot: chat template line 1: "), e::getMessage);
        }
        assertTrue(Files.notExists(Path.of("executed")), "the template was run");
    }

    @Test
    void nonFiniteWeightsAreKeptWhereThatIsAllowed() throws IOException {
        Path model = new TinyModel()
                .set(TinyModel.GATE, w -> {
                    w[3] = Float.NaN;
                    w[7] = Float.NEGATIVE_INFINITY;
                })
                .write(Files.createDirectory(folder.resolve("model")));
        try (IngotFile file = IngotFile.open(convert(model, true));
                Arena arena = Arena.ofConfined()) {
            var gate = file.tensor(TinyModel.GATE).orElseThrow();
            var floats = file.parts(gate, file.map(arena))
                    .getFirst()
                    .asByteBuffer()
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .asFloatBuffer();
            float[] expected = new TinyModel().value(TinyModel.GATE);
            for (int i = 0; i < expected.length; i++) {
                float value = i == 3 ? Float.NaN : i == 7 ? Float.NEGATIVE_INFINITY : expected[i];
                assertEquals(value, floats.get(i), "weight " + i);
            }
        }
    }

    private Path convert(Path model, boolean nonFinite) {
        Path out = folder.resolve("x.ingot");
        var options = ConvertOptions.of(ConvertOptions.layout("f32")).withAllowNonFinite(nonFinite);
        new Converter(options).convert(model, out, Progress.none());
        return out;
    }
}
