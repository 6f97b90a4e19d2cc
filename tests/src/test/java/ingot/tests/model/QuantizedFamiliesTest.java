package ingot.tests.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.Progress;
import ingot.formats.block.Int4;
import ingot.formats.block.Int8;
import ingot.formats.block.Layout;
import ingot.formats.block.Nf4;
import ingot.quant.ConvertOptions;
import ingot.quant.Converter;
import ingot.runtime.Model;
import ingot.runtime.WeightInfo;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Experts and fused projections in the small types: each is quantized as a matrix of its own, routers never. */
final class QuantizedFamiliesTest {
    @TempDir
    Path temporary;

    static Stream<Arguments> conversions() {
        return Stream.of("qwen1-safetensors", "qwen2_moe-a", "qwen3_moe-a")
                .flatMap(name -> Stream.of(
                        // int8 moves the logits little; with 4 bits, random weights of 64 columns move them a lot.
                        Arguments.of(name, new Int8(32), 0.02),
                        Arguments.of(name, new Int4(32), 0.7),
                        Arguments.of(name, new Nf4(true), 0.7)));
    }

    @ParameterizedTest
    @MethodSource("conversions")
    void runsInSmallTypes(String name, Layout layout, double bound) {
        Path file = temporary.resolve("model.ingot");
        Path folder = Golden.folder("checkpoints/" + name);
        new Converter(ConvertOptions.of(layout)).convert(folder, file, Progress.none());
        Golden.Prompt prompt = Golden.read("checkpoints/" + name).get(2);
        try (Model model = Model.open(file)) {
            double nmse = Golden.nmse(Runs.logits(model, prompt.ids()), prompt.logits());
            assertTrue(nmse > 1e-7 && nmse < bound, "NMSE " + nmse);
            for (WeightInfo weight : model.info().weights()) {
                boolean router = weight.name().endsWith("mlp.gate.weight")
                        || weight.name().endsWith("shared_expert_gate.weight");
                boolean vector = weight.shape().rank() == 1;
                assertEquals(router || vector, weight.type().equals("f32"), weight.name() + " " + weight.type());
            }
        }
    }
}
