package ingot.tests.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.gguf.BlockNumbers;
import ingot.formats.gguf.GgmlType;
import ingot.formats.gguf.PackedBlock;
import ingot.quant.grid.BlockChooser;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Blocks are packed as ggml packs them, and the numbers chosen for them are good ones. */
final class BlockPackingTest {
    private static final Path DATA = Path.of(System.getProperty("ingot.root"), "golden-outputs", "gguf", "blocks");

    static List<GgmlType> types() {
        return Stream.of(GgmlType.values()).filter(t -> t.packed().isPresent()).toList();
    }

    @Test
    void allTypesThatArePromisedAreThere() {
        assertEquals("[Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS]", types().toString());
    }

    /** Blocks from ggml itself (random bytes in every field), taken apart and put together again. */
    @ParameterizedTest
    @MethodSource("types")
    void packingIsTheInverseOfUnpackingOnGgmlsBlocks(GgmlType type) throws IOException {
        ByteBuffer in =
                ByteBuffer.wrap(Files.readAllBytes(DATA.resolve(file(type)))).order(ByteOrder.LITTLE_ENDIAN);
        PackedBlock block = type.packed().orElseThrow();
        int size = in.getInt(8);
        byte[] stored = new byte[in.getInt(12) * size];
        in.get(16, stored);
        float[] weights = new float[stored.length / size * block.weights()];
        in.position(16 + stored.length)
                .slice()
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer()
                .get(weights);
        BlockNumbers numbers = block.numbers();
        byte[] packed = new byte[stored.length];
        for (int at = 0; at < stored.length; at += size) {
            block.unpack(stored, at, numbers);
            block.pack(numbers, packed, at);
            formula(type, block, numbers, weights, at / size * block.weights());
        }
        assertArrayEquals(stored, packed);
    }

    /** {@code q4_0.bin}, {@code q4_K.bin}, {@code iq4_nl.bin}. */
    private static String file(GgmlType type) {
        return type.name().toLowerCase(Locale.ROOT).replace("_k", "_K") + ".bin";
    }

    /** The weights ggml computes are what the documented formula makes of the numbers. */
    private static void formula(GgmlType type, PackedBlock block, BlockNumbers numbers, float[] weights, int at) {
        double d = Float.float16ToFloat(numbers.d());
        double m = Float.float16ToFloat(numbers.m());
        int size = block.weights() / block.groups();
        for (int i = 0; i < block.weights(); i++) {
            int code = numbers.codes()[i];
            assertTrue(code >= block.lowest() && code <= block.highest(), type + " code " + code);
            double scale = numbers.scales().length == 0 ? d : d * numbers.scales()[i / size];
            double offset = numbers.mins().length == 0 ? m : -m * numbers.mins()[i / size];
            double expected = scale * block.value(code) + offset;
            double actual = weights[at + i];
            if (Double.isFinite(expected) && Double.isFinite(actual)) {
                double bound = 1e-6 * (Math.abs(scale * block.value(code)) + Math.abs(offset)) + 1e-44;
                assertEquals(expected, actual, bound, type + " weight " + i);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("types")
    void chosenNumbersAreNoWorseThanThePlainOnes(GgmlType type) {
        PackedBlock block = type.packed().orElseThrow();
        BlockChooser chooser = BlockChooser.of(type);
        Random random = new Random(4);
        int n = block.weights();
        float[] w = new float[n];
        float[] ones = new float[n];
        Arrays.fill(ones, 1);
        byte[] bytes = new byte[block.bytes()];
        float[] decoded = new float[n];
        double error = 0;
        double power = 0;
        for (int round = 0; round < 200; round++) {
            for (int i = 0; i < n; i++) {
                w[i] = (float) (random.nextGaussian() * 0.02);
            }
            BlockNumbers numbers = block.numbers();
            chooser.choose(w, ones, 0, numbers);
            block.pack(numbers, bytes, 0);
            block.dequantize(bytes, 0, decoded, 0);
            for (int i = 0; i < n; i++) {
                error += (w[i] - decoded[i]) * (w[i] - decoded[i]);
                power += w[i] * w[i];
            }
        }
        double nmse = error / power;
        assertTrue(nmse < bound(type), type + ": " + nmse);
    }

    /** NMSE on normal weights: what the reference quantizers of ggml reach, to two digits, or better. */
    private static double bound(GgmlType type) {
        return switch (type) {
            case Q8_0 -> 3.5e-5;
            case Q6_K -> 3.5e-4;
            case Q5_K -> 1.6e-3;
            case Q5_1 -> 1.6e-3;
            case Q5_0 -> 2.0e-3;
            case Q4_K -> 6.5e-3;
            case Q4_1 -> 6.5e-3;
            case Q4_0 -> 8.0e-3;
            case IQ4_NL, IQ4_XS -> 5.6e-3;
            default -> 0;
        };
    }

    @ParameterizedTest
    @MethodSource("types")
    void unusualBlocksAreKept(GgmlType type) {
        PackedBlock block = type.packed().orElseThrow();
        BlockChooser chooser = BlockChooser.of(type);
        int n = block.weights();
        float[] ones = new float[n];
        Arrays.fill(ones, 1);
        float[][] cases = new float[6][n];
        Arrays.fill(cases[1], 0.5f);
        Arrays.fill(cases[2], -3);
        cases[3][n / 2] = 7;
        cases[4][1] = -1e-7f; // below the smallest f16 scale: zeros are as near as it gets
        Arrays.fill(cases[5], 1e-30f);
        for (int c = 0; c < cases.length; c++) {
            BlockNumbers numbers = block.numbers();
            chooser.choose(cases[c], ones, 0, numbers);
            byte[] bytes = new byte[block.bytes()];
            block.pack(numbers, bytes, 0);
            float[] decoded = new float[n];
            block.dequantize(bytes, 0, decoded, 0);
            for (int i = 0; i < n; i++) {
                // The table of IQ4 has no 0 but 1, in units of 1 ÷ 127 of the largest weight.
                double bound = Math.max(c == 3 ? 7 / 126.0 : 3e-7, 0.09 * Math.abs(cases[c][i]));
                assertEquals(cases[c][i], decoded[i], bound, type + " case " + c + " weight " + i);
            }
        }
    }
}
