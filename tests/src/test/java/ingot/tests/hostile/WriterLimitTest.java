package ingot.tests.hostile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.Shape;
import ingot.formats.safetensors.SafetensorsFile;
import ingot.formats.safetensors.SafetensorsWriter;
import ingot.quant.ConvertOptions;
import ingot.quant.Converter;
import ingot.quant.calibration.CalibrationOptions;
import ingot.quant.gptq.Order;
import ingot.quant.calibration.Rounding;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is written can be read: the most tensors are, one more is refused before anything is written. */
final class WriterLimitTest {
    private static final int EXPERTS = 12_500;

    @TempDir
    private Path folder;

    @Test
    void asManyTensorsAsCanBeRead() throws IOException {
        SafetensorsWriter writer = new SafetensorsWriter(1);
        for (int i = 0; i < 250_000; i++) {
            writer.add("t" + i, DType.U8, new Shape(0));
        }
        var refused = assertThrows(IngotException.Usage.class, () -> writer.add("one more", DType.U8, new Shape(0)));
        requireMessage(refused);
        Path file = folder.resolve("many.safetensors");
        Files.write(file, writer.header(Map.of()).array());
        try (SafetensorsFile read = SafetensorsFile.open(file)) {
            assertTrue(read.tensors().size() == 250_000);
        }
    }

    /** A matrix of nf4-dq is four tensors and what aligns them: refused before the text is even looked at. */
    @Test
    void tooManyForTheFileAreRefusedBeforeCalibration() throws IOException {
        Path model = experts().write(Files.createDirectory(folder.resolve("model")));
        Path ids = Files.writeString(folder.resolve("ids.jsonl"), "{\"ids\": [1, 2, \"no number\"]}\n");
        var calibration = new CalibrationOptions(Optional.of(ids), 2, 2, 0);
        ConvertOptions options = ConvertOptions.of(ConvertOptions.layout("nf4-dq"));
        ConvertOptions feedback = options.withMethod(
                new ConvertOptions.Method.Gptq(calibration, Rounding.Feedback.in(Order.Kind.ACTIVATION), false));
        Path out = folder.resolve("x.ingot");
        for (ConvertOptions asked : List.of(options, feedback)) {
            requireMessage(assertThrows(
                    IngotException.Usage.class, () -> new Converter(asked).convert(model, out, Progress.none())));
        }
        requireMessage(assertThrows(IngotException.Usage.class, () -> new Converter(options).plan(model, out)));
        try (var left = Files.list(folder)) {
            assertEquals(2, left.count(), "the model and the text");
        }
    }

    /** 12,500 experts, of three matrices each, in the second of two layers. */
    private static TinyModel experts() {
        TinyModel model = new TinyModel(7, 2).config(c -> {
            c.put("model_type", "qwen2_moe");
            c.putArray("architectures").add("Qwen2MoeForCausalLM");
            c.put("num_experts", EXPERTS).put("num_experts_per_tok", 1).put("decoder_sparse_step", 1);
            c.put("moe_intermediate_size", 1).put("shared_expert_intermediate_size", 1);
            c.put("norm_topk_prob", false).putArray("mlp_only_layers").add(0);
        });
        String mlp = "model.layers.1.mlp.";
        for (String matrix : List.of("gate_proj", "up_proj", "down_proj")) {
            model.without(mlp + matrix + ".weight");
        }
        expert(model, mlp + "shared_expert.");
        for (int i = 0; i < EXPERTS; i++) {
            expert(model, mlp + "experts." + i + ".");
        }
        model.floats(mlp + "gate.weight", new float[6 * EXPERTS], EXPERTS, 6);
        return model.floats(mlp + "shared_expert_gate.weight", new float[6], 1, 6);
    }

    private static void expert(TinyModel model, String name) {
        model.floats(name + "gate_proj.weight", new float[6], 1, 6);
        model.floats(name + "up_proj.weight", new float[6], 1, 6);
        model.floats(name + "down_proj.weight", new float[6], 6, 1);
    }

    private static void requireMessage(IngotException refused) {
        assertTrue(String.valueOf(refused.getMessage()).contains("more than 250000 tensors"), refused.getMessage());
    }
}
