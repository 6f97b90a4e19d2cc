package ingot.tests.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.DType;
import ingot.formats.Progress;
import ingot.formats.TensorSource;
import ingot.formats.block.Dense;
import ingot.formats.block.Int8;
import ingot.formats.block.Layout;
import ingot.quant.ConvertOptions;
import ingot.quant.Converter;
import ingot.runtime.Model;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model runs from its .ingot file as it does from its folder. */
final class IngotModelTest {
    private static final Path FOLDER = Golden.folder("checkpoints/qwen2-e2e");
    private static final Golden.Prompt PROMPT =
            Golden.read("checkpoints/qwen2-e2e").get(2);

    @TempDir
    Path temporary;

    private Path convert(Layout layout) {
        Path file = temporary.resolve("model.ingot");
        var options = ConvertOptions.of(layout).withGolden(FOLDER.resolve("golden.safetensors"));
        new Converter(options).convert(FOLDER, file, Progress.none());
        return file;
    }

    @Test
    void storedExactlyItComputesTheSameBits() {
        try (Model folder = Model.open(FOLDER);
                Model file = Model.open(convert(new Dense(DType.BF16)))) {
            assertArrayEquals(Runs.logits(folder, PROMPT.ids()), Runs.logits(file, PROMPT.ids()));
            assertEquals(folder.info().parameters(), file.info().parameters());
            assertEquals("bf16", file.info().type());
            assertEquals(folder.generationDefaults(), file.generationDefaults());
            String text = "Hello world! 123 <|im_start|>";
            assertArrayEquals(
                    folder.tokenizer().orElseThrow().encode(text),
                    file.tokenizer().orElseThrow().encode(text));
            assertEquals(folder.chatTemplate().isPresent(), file.chatTemplate().isPresent());
        }
    }

    @Test
    void theGoldenFileTravelsWithIt() {
        try (Model folder = Model.open(FOLDER);
                Model file = Model.open(convert(new Dense(DType.F32)))) {
            assertTrue(folder.goldenSource().isEmpty());
            TensorSource golden = file.goldenSource().orElseThrow();
            assertArrayEquals(PROMPT.logits(), Golden.floats(golden, "prompt.2.logits"));
            golden.close();
            assertTrue(Golden.nmse(Runs.logits(file, PROMPT.ids()), PROMPT.logits()) <= 1e-9);
        }
    }

    /** 8 bits move the logits a little, and by how much each weight moved is on record. */
    @Test
    void quantizedItComputesNearlyTheSame() {
        try (Model file = Model.open(convert(new Int8(32)))) {
            double nmse = Golden.nmse(Runs.logits(file, PROMPT.ids()), PROMPT.logits());
            assertTrue(nmse > 1e-9 && nmse < 1e-2, "NMSE " + nmse);
            assertEquals("int8 g32", file.info().type());
            double[] errors = file.info().weights().stream()
                    .filter(w -> w.type().startsWith("int8"))
                    .mapToDouble(w -> w.nmse().orElseThrow())
                    .toArray();
            assertTrue(Arrays.stream(errors).allMatch(e -> e > 0 && e < 1e-3), Arrays.toString(errors));
        }
    }
}
