package ingot.tests.quantized;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.hf.HfFolder;
import ingot.formats.quantized.QuantizedSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Companions of quantized weights that published tools write and that mean less, or more, than they seem to. */
final class OddCompanionsTest {
    private static final int ROWS = 64;
    private static final int COLS = 128;

    @TempDir
    private Path temp;

    private final FolderBuilder folder = new FolderBuilder();
    private final Random random = new Random(7);

    private float[] put(Method method) {
        return method.put(folder, "m", LayoutsTest.random(ROWS * COLS, random), ROWS, random);
    }

    private HfFolder open(String config) {
        return HfFolder.open(folder.write(temp, "{\"quantization_config\":" + config + "}"));
    }

    /** compressed-tensors initializes weight_g_idx with −1 and writes it whether or not there is an order. */
    @Test
    void anIndexOfMinusOneIsNone() {
        Method method = new IntegerMethods.Packed(4, 32, true, false, "F16");
        float[] meant = put(method);
        int[] index = new int[COLS];
        Arrays.fill(index, -1);
        folder.ints("m.weight_g_idx", index, COLS);
        try (HfFolder hf = open(method.config())) {
            assertArrayEquals(meant, TinyModel.read(hf.weights(), "m.weight"));
            var packed = ((QuantizedSource) hf.weights()).packed("m.weight").orElseThrow();
            assertEquals("compressed-tensors int4 g32", packed.describe());
        }
    }

    /** Two groups of modules that differ in symmetry only: a weight with zero points belongs to the asymmetric one. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void zeroPointsTellGroupsApart(boolean symmetric) {
        float[] meant = put(new IntegerMethods.Packed(4, 32, symmetric, false, "F16"));
        String weights = "{\"num_bits\":4,\"strategy\":\"group\",\"group_size\":32,\"symmetric\":";
        try (HfFolder hf = open("{\"quant_method\":\"compressed-tensors\",\"config_groups\":{\"a\":{\"weights\":"
                + weights + "true}},\"b\":{\"weights\":" + weights + "false}}}}")) {
            assertArrayEquals(meant, TinyModel.read(hf.weights(), "m.weight"));
        }
    }

    /** bnb_4bit_quant_storage: the same bytes under another type. */
    @ParameterizedTest
    @ValueSource(strings = {"BF16", "F16", "F32"})
    void fourBitCodesInAnotherType(String type) {
        Method method = new FloatMethods.Bnb4("nf4", 64, true);
        float[] meant = put(method);
        byte[] bytes = folder.tensors.get("m.weight").bytes();
        folder.put("m.weight", type, bytes, bytes.length / (type.equals("F32") ? 4 : 2), 1);
        try (HfFolder hf = open(method.config())) {
            assertArrayEquals(meant, TinyModel.read(hf.weights(), "m.weight"));
            assertTrue(((QuantizedSource) hf.weights())
                    .packed("m.weight")
                    .orElseThrow()
                    .natural()
                    .isPresent());
        }
    }

    /** What is not finite is not carried, where converting has a policy for it. */
    @Test
    void infiniteScalesAreNotCarried() {
        Method method = new FloatMethods.Bnb4("nf4", 64, false);
        put(method);
        ByteBuffer.wrap(folder.tensors.get("m.weight.absmax").bytes())
                .order(ByteOrder.LITTLE_ENDIAN)
                .putFloat(4 * 5, Float.POSITIVE_INFINITY);
        try (HfFolder hf = open(method.config())) {
            assertFalse(((QuantizedSource) hf.weights())
                    .packed("m.weight")
                    .orElseThrow()
                    .natural()
                    .isPresent());
        }
    }

    /** One byte per expert is all that a tensor of many costs whoever made it. */
    @Test
    void expertsAreBounded() {
        folder.put("model.layers.0.mlp.experts.down_proj", "F8_E4M3", new byte[4097], 4097, 1, 1);
        folder.write(temp, "{}");
        var e = assertThrows(IngotException.BadData.class, () -> HfFolder.open(temp));
        assertTrue(e.getMessage().contains("4097 experts; expected at most 4096"), e.getMessage());
        folder.tensors.clear();
        for (int layer = 0; layer < 49; layer++) {
            folder.put("model.layers." + layer + ".mlp.experts.down_proj", "F8_E4M3", new byte[4096], 4096, 1, 1);
        }
        folder.write(temp, "{}");
        e = assertThrows(IngotException.BadData.class, () -> HfFolder.open(temp));
        assertTrue(e.getMessage().contains("196608 matrices in all"), e.getMessage());
    }
}
