package ingot.tests.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.DType;
import ingot.formats.Progress;
import ingot.formats.block.Dense;
import ingot.formats.block.Int4;
import ingot.formats.block.Int8;
import ingot.formats.block.Layout;
import ingot.formats.block.Nf4;
import ingot.formats.hf.HfFolder;
import ingot.quant.ConvertOptions;
import ingot.quant.ConvertResult;
import ingot.quant.Converter;
import ingot.quant.ExportResult;
import ingot.quant.FolderExporter;
import ingot.runtime.Model;
import ingot.runtime.WeightInfo;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Hybrid models through .ingot files and back: nothing of the recurrent layers is rounded on the way. */
final class HybridIngotTest {
    @TempDir
    Path temporary;

    static List<String> names() {
        return Golden.HYBRID;
    }

    private ConvertResult convert(String name, DType type, Path file) {
        return new Converter(ConvertOptions.of(new Dense(type))).convert(Golden.folder(name), file, Progress.none());
    }

    /** All matrices are bf16; A_log and the gated norm, which are not, stay as they are. */
    @ParameterizedTest
    @MethodSource("names")
    void storedInBf16ItComputesTheSame(String name) {
        int[] ids = Golden.read(name).get(3).ids();
        Path file = temporary.resolve("model.ingot");
        convert(name, DType.BF16, file);
        try (Model folder = Model.open(Golden.folder(name));
                Model ingot = Model.open(file)) {
            // The gates of the recurrent layers are widened to f32, which is summed in another order.
            double nmse = Golden.nmse(Runs.logits(ingot, ids), wide(Runs.logits(folder, ids)));
            assertTrue(nmse <= 1e-10, "NMSE " + nmse);
            assertEquals(folder.info().parameters(), ingot.info().parameters());
            assertEquals(folder.generationDefaults(), ingot.generationDefaults());
        }
    }

    private static ExportResult export(Path model, Path folder, Optional<String> type) {
        var options = FolderExporter.Options.of(FolderExporter.Kind.HF);
        return new FolderExporter(type.map(options::withType).orElse(options)).export(model, folder, Progress.none());
    }

    @ParameterizedTest
    @MethodSource("names")
    void exportedAgainItComputesTheSameBits(String name) {
        int[] ids = Golden.read(name).get(3).ids();
        Path file = temporary.resolve("model.ingot");
        Path exported = temporary.resolve("exported");
        convert(name, DType.F32, file);
        var result = export(file, exported, Optional.empty());
        assertTrue(result.lossless());
        try (Model ingot = Model.open(file);
                Model folder = Model.open(exported)) {
            assertEquals(32.0, ingot.info().bitsPerWeight());
            assertArrayEquals(Runs.logits(ingot, ids), Runs.logits(folder, ids));
        }
        assertTrue(export(Golden.folder(name), temporary.resolve("again"), Optional.empty())
                .lossless());
    }

    /**
     * In the small types it computes what its dequantized weights say; gates, convolutions and paces of decay are never
     * quantized.
     */
    @ParameterizedTest
    @MethodSource("smallTypes")
    void quantizedItComputesWithItsOwnNumbers(String name, Layout layout) {
        int[] ids = Golden.read(name).get(3).ids();
        Path file = temporary.resolve("model.ingot");
        Path exported = temporary.resolve("exported");
        new Converter(ConvertOptions.of(layout)).convert(Golden.folder(name), file, Progress.none());
        export(file, exported, Optional.of("f32"));
        try (Model small = Model.open(file);
                Model wide = Model.open(exported)) {
            float[] logits = Runs.logits(small, ids);
            double own = Golden.nmse(logits, wide(Runs.logits(wide, ids)));
            assertTrue(own <= 1e-8, "NMSE to its own numbers " + own);
            double lost = Golden.nmse(logits, Golden.read(name).get(3).logits());
            // Random weights of 64 columns forgive little; unrelated logits would be at 2.
            assertTrue(lost > 1e-7 && lost < 1.2, "NMSE to the original " + lost);
            for (WeightInfo weight : small.info().weights()) {
                boolean kept = weight.shape().rank() != 2
                        || weight.name().matches(".*(mlp\\.gate|shared_expert_gate|in_proj_(b|a|ba))\\.weight");
                assertEquals(kept, weight.type().equals("f32"), weight.name() + " " + weight.type());
            }
        }
    }

    static Stream<Arguments> smallTypes() {
        return Golden.HYBRID.stream()
                .flatMap(name ->
                        Stream.of(new Int8(32), new Int4(32), new Nf4(true)).map(layout -> Arguments.of(name, layout)));
    }

    /** Norms are stored as w though 1 + w is computed with, and the convolution keeps its shape. */
    @Test
    void exportGivesTheStoredTensorsBack() {
        String name = "checkpoints/qwen3_5-a";
        Path exported = temporary.resolve("exported");
        export(Golden.folder(name), exported, Optional.empty());
        try (HfFolder before = HfFolder.open(Golden.folder(name));
                HfFolder after = HfFolder.open(exported)) {
            assertTrue(after.weights().tensors().size() > 50);
            after.weights().tensors().forEach((tensor, info) -> {
                assertEquals(before.weights().tensors().get(tensor).shape(), info.shape(), tensor);
                assertArrayEquals(
                        Golden.floats(before.weights(), tensor), Golden.floats(after.weights(), tensor), tensor);
            });
        }
    }

    private static double[] wide(float[] values) {
        double[] out = new double[values.length];
        Arrays.setAll(out, i -> values[i]);
        return out;
    }

    @Test
    void whatIsSkippedIsSaid() {
        ConvertResult result = convert("checkpoints/qwen3_5-a", DType.F32, temporary.resolve("model.ingot"));
        assertTrue(
                result.warnings().stream().anyMatch(w -> w.contains("model.visual")),
                result.warnings().toString());
        assertTrue(
                result.warnings().stream().anyMatch(w -> w.contains("'mtp'")),
                result.warnings().toString());
        assertEquals(2, result.warnings().size());
    }
}
