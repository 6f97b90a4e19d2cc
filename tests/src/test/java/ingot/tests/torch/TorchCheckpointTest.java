package ingot.tests.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.TensorInfo;
import ingot.formats.hf.HfFolder;
import ingot.formats.torch.TorchFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One model in four files: PyTorch's zip and legacy layouts, shards with views, and safetensors. */
final class TorchCheckpointTest {
    private static final Path CHECKPOINTS = Path.of(System.getProperty("ingot.root"), "golden-outputs", "checkpoints");
    private static final Path SAFETENSORS = CHECKPOINTS.resolve("qwen1-safetensors");
    private static final String BIN = "pytorch_model.bin";

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"qwen1-bin", "qwen1-bin-legacy", "qwen1-bin-sharded"})
    void tensorsAreThoseOfTheSafetensorsFile(String name) {
        try (HfFolder torch = HfFolder.open(CHECKPOINTS.resolve(name))) {
            assertTrue(torch.weightFiles().stream().allMatch(TorchFile.class::isInstance));
            assertEquals(name.endsWith("sharded") ? 2 : 1, torch.weightFiles().size());
            assertEquals(List.of(), torch.warnings());
            requireSame(torch);
        }
    }

    /** The name of a file says nothing: each format under the usual name of the other. */
    @Test
    void formatsAreDecidedByContent() throws IOException {
        Path swapped = copy("qwen1-bin", "model.safetensors");
        try (HfFolder torch = HfFolder.open(swapped)) {
            requireSame(torch);
        }
        Files.delete(swapped.resolve("model.safetensors"));
        Files.copy(SAFETENSORS.resolve("model.safetensors"), swapped.resolve(BIN));
        try (HfFolder safetensors = HfFolder.open(swapped)) {
            requireSame(safetensors);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"weights.bin", "consolidated.00.pth", "x.pt", "no-extension"})
    void aFileOfWeightsCanBeNamed(String name) throws IOException {
        Path model = copy("qwen1-bin-legacy", name);
        try (HfFolder torch = HfFolder.open(model.resolve(name))) {
            requireSame(torch);
        }
        IngotException e = assertThrows(
                IngotException.MissingInput.class, () -> HfFolder.open(model).close());
        assertTrue(String.valueOf(e.getMessage()).contains("no weights here"), e::getMessage);
        assertEquals(
                !name.equals("no-extension"),
                String.valueOf(e.getMessage()).contains("'" + name + "': name that file"),
                e::getMessage);
    }

    /** Shards of any name, in a folder below, one of each format; their order is that of their names. */
    @Test
    void shardsMayHaveAnyNameAndFormat() throws IOException {
        Path sharded = CHECKPOINTS.resolve("qwen1-bin-sharded");
        Files.copy(sharded.resolve("config.json"), folder.resolve("config.json"));
        Files.createDirectory(folder.resolve("parts"));
        Files.copy(sharded.resolve("pytorch_model-00001-of-00002.bin"), folder.resolve("parts/one"));
        Files.copy(sharded.resolve("pytorch_model-00002-of-00002.bin"), folder.resolve("two.safetensors"));
        Files.writeString(
                folder.resolve("pytorch_model.bin.index.json"),
                Files.readString(sharded.resolve("pytorch_model.bin.index.json"))
                        .replace("pytorch_model-00001-of-00002.bin", "parts/one")
                        .replace("pytorch_model-00002-of-00002.bin", "two.safetensors"));
        try (HfFolder torch = HfFolder.open(folder)) {
            requireSame(torch);
        }
    }

    /** As transformers chooses: safetensors before PyTorch, one file before shards. */
    @Test
    void safetensorsComeFirst() throws IOException {
        Path model = copy("qwen1-bin", BIN);
        Files.writeString(model.resolve("pytorch_model.bin.index.json"), "not read");
        try (HfFolder torch = HfFolder.open(model)) {
            assertEquals(
                    List.of(model.resolve(BIN)),
                    torch.weightFiles().stream().map(f -> f.path()).toList());
        }
        Files.copy(SAFETENSORS.resolve("model.safetensors"), model.resolve("model.safetensors"));
        try (HfFolder both = HfFolder.open(model)) {
            assertEquals(
                    List.of(model.resolve("model.safetensors")),
                    both.weightFiles().stream().map(f -> f.path()).toList());
        }
    }

    /** Views into one storage: w1 and w2 of each layer. */
    @Test
    void shardedViewsShareTheirStorage() {
        try (HfFolder torch = HfFolder.open(CHECKPOINTS.resolve("qwen1-bin-sharded"))) {
            var tensors = torch.weights().tensors();
            TensorInfo w1 = java.util.Objects.requireNonNull(tensors.get("transformer.h.0.mlp.w1.weight"));
            TensorInfo w2 = java.util.Objects.requireNonNull(tensors.get("transformer.h.0.mlp.w2.weight"));
            assertEquals(w1.bytes(), Math.abs(w1.offset() - w2.offset()));
        }
    }

    private Path copy(String checkpoint, String as) throws IOException {
        Path from = CHECKPOINTS.resolve(checkpoint);
        Files.copy(from.resolve("config.json"), folder.resolve("config.json"));
        Files.copy(from.resolve(BIN), folder.resolve(as));
        return folder;
    }

    private static void requireSame(HfFolder torch) {
        try (HfFolder expected = HfFolder.open(SAFETENSORS)) {
            assertEquals(
                    expected.weights().tensors().keySet().stream().sorted().toList(),
                    torch.weights().tensors().keySet().stream().sorted().toList());
            for (TensorInfo e : expected.weights().tensors().values()) {
                TensorInfo t = java.util.Objects.requireNonNull(
                        torch.weights().tensors().get(e.name()));
                assertEquals(e.dtype(), t.dtype(), e.name());
                assertEquals(e.shape(), t.shape(), e.name());
                assertArrayEquals(
                        SavedByTorchTest.bytes(expected.weights(), e),
                        SavedByTorchTest.bytes(torch.weights(), t),
                        e.name());
            }
        }
    }
}
