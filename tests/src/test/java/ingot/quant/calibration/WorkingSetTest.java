package ingot.quant.calibration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.quant.gptq.Order;
import ingot.runtime.model.ModelGraph;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a calibrated run needs, on the shapes of Qwen2.5-7B: known before it begins. */
final class WorkingSetTest {
    private static final long INNER = 18_944;
    private static final long HIDDEN = 3_584;
    private static final Rounding.Feedback DRIFT = new Rounding.Feedback(Order.Kind.ACTIVATION, 1);
    private static final Rounding.Feedback PLAIN = new Rounding.Feedback(Order.Kind.ACTIVATION, 0);

    private static WorkingSet seven(String type) {
        ModelGraph graph = ModelGraph.of(ToyModel.config("\"hidden_size\": 3584, \"num_hidden_layers\": 28,"
                + " \"num_attention_heads\": 28, \"num_key_value_heads\": 4, \"intermediate_size\": 18944,"
                + " \"vocab_size\": 152064"));
        CalibrationSet set = new CalibrationSet(List.of(new int[512]), "text", "");
        return new WorkingSet(graph, new ToyModel.Weights(type), set, 2);
    }

    @Test
    void theWidestMatrixDecides() {
        long square = 4 * INNER * INNER;
        long matrix = 4 * INNER * HIDDEN;
        HeapNeed drift = seven("int4").need(DRIFT);
        assertEquals("model.layers.0.mlp.down_proj.weight", drift.where());
        // H, W·D + R and W, and gate and up of both streams, whose product is what passes.
        long least = square + 2 * matrix + 2 * 2 * matrix;
        assertTrue(drift.bytes() >= least && drift.bytes() < 1.25 * least, drift + " against " + least);
        // H, the matrix and what it decodes to; and the rows at work, two threads' 512 of 3584: as much again.
        HeapNeed plain = seven("int4").need(PLAIN);
        least = square + 2 * matrix;
        assertTrue(plain.bytes() >= least && plain.bytes() < 1.5 * least, plain + " against " + least);
    }

    @Test
    void tooMuchIsRefusedWithWhatToDo() {
        var e = assertThrows(
                IngotException.OutOfResources.class,
                () -> seven("int4").need(DRIFT).require(3L << 30));
        assertTrue(
                String.valueOf(e.getMessage())
                        .matches(
                                "calibration needs about 3\\.\\d GiB of heap for model\\.layers\\.0\\.mlp\\.down_proj\\.weight,"
                                        + " and the heap may have 3\\.0 GiB; allow more with INGOT_OPTS=-Xmx6g,"
                                        + " or use --drift 0, which needs about 2\\.\\d GiB"),
                e.getMessage());
        seven("int4").need(PLAIN).require(4L << 30);
        var tight = assertThrows(
                IngotException.OutOfResources.class,
                () -> seven("int4").need(PLAIN).require(1L << 30));
        assertTrue(!String.valueOf(tight.getMessage()).contains("--drift"), tight.getMessage());
    }
}
