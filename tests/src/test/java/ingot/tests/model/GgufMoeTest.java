package ingot.tests.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.gguf.GgufModel;
import ingot.formats.hf.HfFolder;
import ingot.formats.hf.ModelConfigs;
import ingot.quant.ConvertOptions;
import ingot.quant.Converter;
import ingot.runtime.Model;
import ingot.tests.gguf.GgufCheckpoint;
import ingot.tests.gguf.GgufWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The golden mixtures of experts, written as GGUF the way llama.cpp's converter does: experts of a layer in one tensor, the
 * gate of the shared expert as a vector, no key for layers without experts (layer 2 of qwen2_moe-a is one).
 */
final class GgufMoeTest {
    private static final double BAR = 1e-9;
    private static final int F32 = 0;

    @TempDir
    private Path folder;

    private static String name(String family) {
        return "checkpoints/" + family + "_moe-a";
    }

    /** Their weights are bfloat16: as BF16 and as F32 they are the same. */
    @ParameterizedTest
    @CsvSource({"qwen2, 0", "qwen2, 30", "qwen3, 0", "qwen3, 30"})
    void logitsAreTheReferences(String family, int type) throws IOException {
        Path file = GgufCheckpoint.of(Golden.folder(name(family)), type).write(folder.resolve("x.gguf"));
        check(family, file);
        Path ingot = folder.resolve("x.ingot");
        new Converter(ConvertOptions.of(ConvertOptions.layout("f32"))).convert(file, ingot, Progress.none());
        check(family, ingot);
    }

    private static void check(String family, Path file) {
        try (Model model = Model.open(file)) {
            for (Golden.Prompt prompt : Golden.read(name(family))) {
                double nmse = Golden.nmse(Runs.logits(model, prompt.ids()), prompt.logits());
                assertTrue(nmse <= BAR, file + ": NMSE " + nmse);
                int[] greedy = prompt.greedyCached();
                assertTrue(greedy.length > 0, name(family));
                assertArrayEquals(greedy, Runs.greedyCached(model, prompt.ids(), greedy.length), file.toString());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"qwen2", "qwen3"})
    void configurationIsTheFolders(String family) throws IOException {
        Path checkpoint = Golden.folder(name(family));
        same(checkpoint, GgufCheckpoint.of(checkpoint, F32));
        // Older converters leave them out, or write 0 for what they do not know; the tensors tell.
        String arch = family + "moe.";
        same(checkpoint, GgufCheckpoint.of(checkpoint, F32).without(arch + "expert_feed_forward_length"));
        same(
                checkpoint,
                GgufCheckpoint.of(checkpoint, F32)
                        .without(arch + "expert_shared_feed_forward_length")
                        .u32(arch + "expert_shared_feed_forward_length", 0));
        same(checkpoint, GgufCheckpoint.of(checkpoint, F32).flag(arch + "expert_weights_norm", family.equals("qwen3")));
    }

    private void same(Path checkpoint, GgufWriter writer) throws IOException {
        Path file = writer.write(folder.resolve("x.gguf"));
        try (GgufModel gguf = GgufModel.open(file);
                HfFolder hf = HfFolder.open(checkpoint)) {
            assertEquals(ModelConfigs.read(hf.config(), file), ModelConfigs.read(gguf.config(), file));
            assertEquals(
                    hf.weights().tensors().keySet(), gguf.tensors().tensors().keySet());
        }
    }

    @Test
    void whatContradictsTheArchitectureIsRefused() throws IOException {
        Path checkpoint = Golden.folder(name("qwen3"));
        refused(
                "'qwen3moe.expert_weights_norm': false; llama.cpp computes with true",
                GgufCheckpoint.of(checkpoint, F32).flag("qwen3moe.expert_weights_norm", false));
        refused(
                "'qwen3moe.expert_weights_scale': not understood",
                GgufCheckpoint.of(checkpoint, F32).f32("qwen3moe.expert_weights_scale", 2.5f));
        refused(
                "num_experts_per_tok",
                GgufCheckpoint.of(checkpoint, F32)
                        .without("qwen3moe.expert_used_count")
                        .u32("qwen3moe.expert_used_count", 9));
    }

    /** Without experts in the file there is nothing to take their width from. */
    @Test
    void expertsThatAreNowhereAreMissed() {
        GgufWriter writer = new GgufWriter()
                .text("general.architecture", "qwen2moe")
                .u32("qwen2moe.block_count", 1)
                .u32("qwen2moe.context_length", 64)
                .u32("qwen2moe.embedding_length", 8)
                .u32("qwen2moe.attention.head_count", 2)
                .u32("qwen2moe.expert_count", 4)
                .u32("qwen2moe.expert_used_count", 2)
                .tensor("token_embd.weight", F32, new byte[4 * 8 * 2], 8, 2);
        refused("'qwen2moe.expert_feed_forward_length': missing or 0, and there is no matrix of layer 0", writer);
    }

    /** Architectures of llama.cpp for Qwen models that are not read from GGUF. */
    @ParameterizedTest
    @ValueSource(strings = {"qwen", "qwen3next", "qwen35", "qwen35moe", "qwen2vl", "qwen3vl", "qwen3vlmoe"})
    void otherArchitecturesAreNamed(String architecture) {
        refused(
                "'general.architecture': '" + architecture
                        + "' is not supported; expected one of qwen2, qwen3, qwen2moe," + " qwen3moe",
                new GgufWriter()
                        .text("general.architecture", architecture)
                        .tensor("blk.0.ssm_a", F32, new byte[32], 8));
    }

    private void refused(String message, GgufWriter writer) {
        var e = assertThrows(
                IngotException.ConfigMismatch.class,
                () -> Model.open(writer.write(folder.resolve("y.gguf"))).close());
        assertTrue(e.getMessage().contains(message), e::getMessage);
        assertEquals(List.of(e.getMessage()), e.getMessage().lines().toList());
    }
}
