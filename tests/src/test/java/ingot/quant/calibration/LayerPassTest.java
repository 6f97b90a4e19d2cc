package ingot.quant.calibration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.hf.ModelConfig;
import ingot.runtime.kernel.Backend;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.model.StagedLayer;
import ingot.runtime.model.WeightSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A layer's matrices are forgotten when nothing reads them any more, before the next Hessian takes their room. */
final class LayerPassTest {
    private static final int TOKENS = 7;
    private static final int HIDDEN = 32;

    @Test
    void matricesAreHeldNoLongerThanTheyAreUsed(@TempDir Path temp) {
        ModelConfig config = ToyModel.config(
                "\"hidden_size\": 32, \"num_hidden_layers\": 1,"
                        + " \"num_attention_heads\": 4, \"num_key_value_heads\": 2, \"intermediate_size\": 96, \"vocab_size\": 50");
        LayerWeights weights = new ToyModel.Weights("int4");
        List<String> seen = new ArrayList<>();
        try (Kernels kernels = Kernels.create(Backend.SCALAR, 0, 1);
                Activations files = new Activations(
                        temp,
                        "",
                        List.of(TOKENS),
                        RowFile.create(temp.resolve("residual.f32"), HIDDEN),
                        RowFile.create(temp.resolve("normed.f32"), HIDDEN))) {
            files.residual().write(0, TOKENS, new float[TOKENS * HIDDEN]);
            StagedLayer layer = new StagedLayer(config, 0, kernels);
            layer.specs().stream()
                    .filter(s -> s.role() != WeightSpec.Role.LINEAR)
                    .forEach(s -> layer.put(s, weights.read(s)));
            Visit visit = new Visit() {
                @Override
                public boolean wantsHessian(List<WeightSpec> specs) {
                    return false;
                }

                @Override
                public void matrices(
                        List<WeightSpec> specs, @Nullable Moments moments, String note, StagedLayer layer) {
                    specs.forEach(s -> layer.put(s, weights.read(s)));
                    String first = specs.getFirst().name();
                    seen.add(first.replaceAll(".*\\.(\\w+)\\.weight", "$1"));
                    float[] out = new float[TOKENS * 96];
                    if (first.contains("o_proj")) {
                        gone(() -> layer.mix(new float[TOKENS * HIDDEN], TOKENS, out), "_proj");
                    } else if (first.contains("gate_proj")) {
                        gone(() -> layer.addMixed(new float[TOKENS * HIDDEN], TOKENS, out), "o_proj");
                    } else if (first.contains("down_proj")) {
                        gone(
                                () -> layer.inner(layer.branches().getFirst(), new float[TOKENS * HIDDEN], TOKENS, out),
                                "gate_proj");
                    }
                }
            };
            new LayerPass(layer, files, kernels, visit).run();
            gone(
                    () -> layer.down(
                            layer.branches().getFirst(), new float[TOKENS * 96], TOKENS, new float[TOKENS * HIDDEN]),
                    "down_proj");
        }
        assertEquals(List.of("q_proj", "o_proj", "gate_proj", "down_proj"), seen);
    }

    private static void gone(Runnable use, String name) {
        RuntimeException e = assertThrows(RuntimeException.class, use::run);
        assertTrue(String.valueOf(e.getMessage()).contains(name), String.valueOf(e.getMessage()));
    }
}
