package ingot.tests.verify;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.runtime.golden.GoldenFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class GoldenFileTest {
    @TempDir
    Path folder;

    @Test
    void readsTheFilesOfTheReference() {
        Path path = Path.of(
                System.getProperty("ingot.root"), "golden-outputs/models/qwen3-6m-gutenberg/golden.safetensors");
        try (GoldenFile golden = GoldenFile.open(path)) {
            assertEquals(4096, golden.vocabSize());
            assertEquals(
                    List.of(1, 16, 96, 64),
                    golden.prompts().stream().map(p -> p.length()).toList());
            assertEquals(
                    List.of("embed", "layer.0", "layer.1", "layer.2", "layer.3", "layer.4", "layer.5", "final_norm"),
                    List.copyOf(golden.prompts().get(1).hidden().keySet()));
            assertEquals(24, golden.prompts().get(3).greedyIds().length);
        }
    }

    @Test
    void readsRows() throws IOException {
        Path file = new GoldenFiles()
                .longs("prompt.0.input_ids", 2, 0)
                .floats("prompt.0.logits", 2, 3, 1, 2, 3, 4, 5, 6)
                .write(folder.resolve("g"));
        try (GoldenFile golden = GoldenFile.open(file)) {
            float[] row = new float[3];
            golden.readLogits(golden.prompts().getFirst(), 1, row);
            assertArrayEquals(new float[] {4, 5, 6}, row);
            assertArrayEquals(new int[] {2, 0}, golden.prompts().getFirst().inputIds());
        }
    }

    static Stream<Arguments> hostile() {
        return Stream.of(
                Arguments.of("no prompt", new GoldenFiles().floats("x", 1, 1, 1)),
                Arguments.of("second prompt missing", good(0, good(2, new GoldenFiles()))),
                Arguments.of("no logits", new GoldenFiles().longs("prompt.0.input_ids", 1)),
                Arguments.of("id beyond the vocabulary", prompt(new long[] {3}, 1, 3)),
                Arguments.of("negative id", prompt(new long[] {-1}, 1, 3)),
                Arguments.of("id of 2^32", prompt(new long[] {1L << 32}, 1, 3)),
                Arguments.of("more logits than tokens", prompt(new long[] {1}, 2, 3)),
                Arguments.of("no tokens", prompt(new long[0], 0, 3)),
                Arguments.of(
                        "vocabularies differ",
                        good(0, new GoldenFiles())
                                .longs("prompt.1.input_ids", 0)
                                .floats("prompt.1.logits", 1, 2, 1, 2)),
                Arguments.of(
                        "greedy id beyond the vocabulary",
                        good(0, new GoldenFiles()).longs("prompt.0.greedy_ids", 9)),
                Arguments.of(
                        "hidden states of another length",
                        good(0, new GoldenFiles()).floats("prompt.0.hidden.embed", 2, 1, 1, 2)),
                Arguments.of(
                        "hidden states of several widths",
                        good(0, new GoldenFiles())
                                .floats("prompt.0.hidden.embed", 1, 1, 1)
                                .floats("prompt.0.hidden.layer.0", 1, 2, 1, 2)),
                Arguments.of(
                        "ids of the wrong type",
                        new GoldenFiles()
                                .add("prompt.0.input_ids", "I32", "[1]", new byte[4])
                                .floats("prompt.0.logits", 1, 1, 1)));
    }

    private static GoldenFiles good(int k, GoldenFiles files) {
        return files.longs("prompt." + k + ".input_ids", 0).floats("prompt." + k + ".logits", 1, 3, 1, 2, 3);
    }

    private static GoldenFiles prompt(long[] ids, int rows, int vocab) {
        return new GoldenFiles()
                .longs("prompt.0.input_ids", ids)
                .floats("prompt.0.logits", rows, vocab, new float[rows * vocab]);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void hostile(String what, GoldenFiles files) throws IOException {
        Path file = files.write(folder.resolve("g"));
        var e = assertThrows(IngotException.BadData.class, () -> GoldenFile.open(file), what);
        assertTrue(String.valueOf(e.getMessage()).startsWith(file.toString()), e.getMessage());
    }

    @Test
    void logitsMustBeFinite() throws IOException {
        Path file = new GoldenFiles()
                .longs("prompt.0.input_ids", 0)
                .floats("prompt.0.logits", 1, 2, 1, Float.NaN)
                .write(folder.resolve("g"));
        try (GoldenFile golden = GoldenFile.open(file)) {
            var prompt = golden.prompts().getFirst();
            assertThrows(IngotException.BadData.class, () -> golden.readLogits(prompt, 0, new float[2]));
        }
    }

    @Test
    void imagesAreRefusedByName() throws IOException {
        Path file = good(0, new GoldenFiles())
                .floats("prompt.0.pixel_values", 1, 1, 1)
                .write(folder.resolve("g"));
        assertThrows(IngotException.ConfigMismatch.class, () -> GoldenFile.open(file));
    }
}
