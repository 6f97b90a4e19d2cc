package ingot.tests.quantized;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ingot.formats.DType;
import ingot.formats.Shape;
import ingot.formats.TensorInfo;
import ingot.formats.TensorSource;
import ingot.formats.hf.HfFolder;
import ingot.tests.quantized.IntegerMethods.Zeros;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every layout, written by another hand, reads as the weights it means, bit for bit. */
final class LayoutsTest {
    @TempDir
    Path temp;

    record Case(Method method, int out, int in) {}

    static Stream<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (int bits : new int[] {2, 3, 4, 8}) {
            for (Zeros zeros : Zeros.values()) {
                cases.add(new Case(new IntegerMethods.Gptq(bits, 32, zeros, false, true, "F16"), 33, 100));
            }
            cases.add(new Case(new IntegerMethods.Gptq(bits, -1, Zeros.V1_ASYMMETRIC, false, true, "F16"), 7, 31));
            cases.add(new Case(new IntegerMethods.Gptq(bits, 16, Zeros.V1_ASYMMETRIC, true, true, "BF16"), 40, 100));
            cases.add(new Case(new IntegerMethods.Gptq(bits, 48, Zeros.V2_ASYMMETRIC, false, false, "F16"), 64, 96));
            cases.add(new Case(new IntegerMethods.Gptq(bits, 128, Zeros.V1_SYMMETRIC, true, true, "F16"), 5000, 160));
        }
        for (int group : new int[] {-1, 32, 24}) {
            cases.add(new Case(new IntegerMethods.Awq(group), 8, 33));
            cases.add(new Case(new IntegerMethods.Awq(group), 5000, 100));
        }
        for (int bits : new int[] {2, 4, 8}) {
            for (boolean symmetric : new boolean[] {true, false}) {
                cases.add(new Case(new IntegerMethods.Packed(bits, 0, symmetric, false, "BF16"), 33, 31));
                cases.add(new Case(new IntegerMethods.Packed(bits, 32, symmetric, false, "F16"), 7, 100));
                cases.add(new Case(new IntegerMethods.Packed(bits, 16, symmetric, true, "BF16"), 2100, 128));
            }
        }
        for (String strategy : new String[] {"channel", "tensor", "group"}) {
            for (boolean symmetric : new boolean[] {true, false}) {
                cases.add(new Case(new IntegerMethods.Int8(strategy, symmetric), 33, 100));
            }
        }
        for (boolean nested : new boolean[] {false, true}) {
            cases.add(new Case(new FloatMethods.Bnb4("nf4", 64, nested), 300, 128));
            cases.add(new Case(new FloatMethods.Bnb4("nf4", 64, nested), 33, 31));
            cases.add(new Case(new FloatMethods.Bnb4("fp4", 64, nested), 100, 33));
            cases.add(new Case(new FloatMethods.Bnb4("nf4", 128, nested), 3000, 100));
        }
        cases.add(new Case(new FloatMethods.Bnb8(), 33, 31));
        cases.add(new Case(new FloatMethods.Fp8(false, "block", 128, 128, "F32"), 300, 100));
        cases.add(new Case(new FloatMethods.Fp8(false, "block", 128, 128, "BF16"), 7, 300));
        cases.add(new Case(new FloatMethods.Fp8(false, "block", 3, 5, "F32"), 31, 33));
        cases.add(new Case(new FloatMethods.Fp8(true, "block", 128, 64, "BF16"), 200, 100));
        cases.add(new Case(new FloatMethods.Fp8(true, "channel", 1, 1, "F32"), 31, 33));
        return cases.stream();
    }

    static float[] random(int n, Random random) {
        float[] w = new float[n];
        for (int i = 0; i < n; i++) {
            w[i] = (float) random.nextGaussian() * 0.1f;
        }
        return w;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void readsAsTheWeightsItMeans(Case c) {
        Random random = new Random(c.hashCode());
        FolderBuilder folder = new FolderBuilder();
        folder.floats("before.weight", "F16", new float[] {1, 2, 3}, 3);
        float[] expected = c.method.put(folder, "a.b", random(c.out * c.in, random), c.out, random);
        folder.floats("a.b.bias", "F16", new float[c.out], c.out);
        folder.write(temp, "{\"quantization_config\":" + c.method.config() + "}");
        try (HfFolder hf = HfFolder.open(temp)) {
            assertEquals("{}", hf.config().toString());
            TensorSource source = hf.weights();
            assertEquals(
                    List.of("a.b.bias", "a.b.weight", "before.weight"),
                    source.tensors().keySet().stream().sorted().toList());
            TensorInfo tensor = source.tensors().get("a.b.weight");
            assertEquals(DType.F32, tensor.dtype());
            assertEquals(new Shape(c.out, c.in), tensor.shape());
            float[] read = new float[expected.length];
            floats(bytes(source, tensor, 0, (int) tensor.bytes())).get(read);
            assertArrayEquals(expected, read);
            // Any slice of the bytes, in the middle of rows and of numbers.
            byte[] whole = bytes(source, tensor, 0, (int) tensor.bytes());
            for (int i = 0; i < 20; i++) {
                int from = random.nextInt(whole.length);
                int n = random.nextInt(Math.min(5000, whole.length - from) + 1);
                assertArrayEquals(Arrays.copyOfRange(whole, from, from + n), bytes(source, tensor, from, n));
            }
        }
    }

    @Test
    void severalThreadsReadTheSame() {
        Random random = new Random(5);
        FolderBuilder folder = new FolderBuilder();
        Method method = new IntegerMethods.Gptq(4, 32, Zeros.V1_ASYMMETRIC, true, true, "F16");
        float[] expected = method.put(folder, "m", random(512 * 96, random), 512, random);
        folder.write(temp, "{\"quantization_config\":" + method.config() + "}");
        try (HfFolder hf = HfFolder.open(temp)) {
            TensorInfo tensor = hf.weights().tensors().get("m.weight");
            List<Boolean> same = IntStream.range(0, 32)
                    .parallel()
                    .mapToObj(i -> floats(bytes(hf.weights(), tensor, i * 96 * 4, 480 * 96 * 4))
                            .equals(java.nio.FloatBuffer.wrap(expected, i * 96, 480 * 96)))
                    .distinct()
                    .toList();
            assertEquals(List.of(true), same);
        }
    }

    private static byte[] bytes(TensorSource source, TensorInfo tensor, long from, int n) {
        byte[] bytes = new byte[n];
        source.read(tensor, from, MemorySegment.ofArray(bytes));
        return bytes;
    }

    private static java.nio.FloatBuffer floats(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    }
}
