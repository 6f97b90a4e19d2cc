package ingot.tests.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.DType;
import ingot.formats.Numbers;
import ingot.formats.TensorInfo;
import ingot.formats.gguf.GgmlType;
import ingot.formats.gguf.GgufModel;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
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
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every block type against what ggml itself makes of the same bytes (golden-outputs/gguf/README.md): random codes with
 * ordinary, largest, subnormal, zero, infinite and NaN scales, and blocks ggml quantized. Equal bit for bit.
 */
final class BlockTypeTest {
    private static final Path DATA = Path.of(System.getProperty("ingot.root"), "golden-outputs", "gguf", "blocks");

    @TempDir
    private Path folder;

    /** Blocks and their weights. */
    private record Reference(int type, int blockWeights, int blockBytes, byte[] blocks, float[] weights) {
        static Reference read(Path file) throws IOException {
            ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
            int type = in.getInt();
            int n = in.getInt();
            int size = in.getInt();
            byte[] blocks = new byte[in.getInt() * size];
            in.get(blocks);
            float[] weights = new float[blocks.length / size * n];
            in.asFloatBuffer().get(weights);
            return new Reference(type, n, size, blocks, weights);
        }
    }

    static List<Path> files() throws IOException {
        try (Stream<Path> list = Files.list(DATA)) {
            return list.filter(f -> f.toString().endsWith(".bin")).sorted().toList();
        }
    }

    @Test
    void everyBlockTypeHasAReference() throws IOException {
        List<String> covered = files().stream()
                .map(f -> f.getFileName().toString().replace(".bin", "").toUpperCase(Locale.ROOT))
                .toList();
        for (GgmlType type : GgmlType.values()) {
            assertTrue(
                    type == GgmlType.F32 || type == GgmlType.F64 || covered.contains(type.name()),
                    type + " " + covered);
        }
        assertEquals(15, covered.size());
    }

    @ParameterizedTest
    @MethodSource("files")
    void weightsAreThoseOfGgml(Path file) throws IOException {
        Reference reference = Reference.read(file);
        // Two rows, so that the second starts inside the data.
        long cols = reference.weights().length / 2;
        try (GgufModel model = GgufModel.open(model(reference.type(), reference.blocks(), cols))) {
            TensorInfo tensor = model.tensors().tensors().get("lm_head.weight");
            assertEquals(reference.type(), model.storedType(tensor).id());
            assertEquals(reference.blockWeights(), model.storedType(tensor).blockWeights());
            assertEquals(reference.blockBytes(), model.storedType(tensor).blockBytes());
            float[] all = read(model, tensor, 0, reference.weights().length);
            for (int i = 0; i < all.length; i++) {
                int expected = Float.floatToIntBits(reference.weights()[i]);
                int actual = Float.floatToIntBits(all[i]);
                if (expected != actual) {
                    throw new AssertionError(file.getFileName() + " weight " + i + ": " + all[i] + ", ggml has "
                            + reference.weights()[i]);
                }
            }
            pieces(model, tensor, all);
        }
    }

    /** Any part of a tensor is the part of the whole. */
    private static void pieces(GgufModel model, TensorInfo tensor, float[] all) {
        Random random = new Random(7);
        for (int i = 0; i < 40; i++) {
            int from = random.nextInt(all.length);
            int n = random.nextInt(all.length - from + 1);
            float[] part = read(model, tensor, from, n);
            assertTrue(Arrays.equals(Arrays.copyOfRange(all, from, from + n), part), from + " + " + n);
        }
    }

    private static float[] read(GgufModel model, TensorInfo tensor, int from, int n) {
        DType type = tensor.dtype();
        byte[] bytes = new byte[n * type.bytes()];
        model.tensors().read(tensor, (long) from * type.bytes(), MemorySegment.ofArray(bytes));
        float[] out = new float[n];
        Numbers.toF32(type, MemorySegment.ofArray(bytes), 0, out, 0, n);
        return out;
    }

    private Path model(int type, byte[] blocks, long cols) throws IOException {
        return Tiny.metadata(new GgufWriter(), 2)
                .tensor("token_embd.weight", 0, new byte[4 * 2 * 4], 4, 2)
                .tensor("output.weight", type, blocks, cols, 2)
                .write(folder.resolve("x.gguf"));
    }
}
