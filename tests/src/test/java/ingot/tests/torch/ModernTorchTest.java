package ingot.tests.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.Shape;
import ingot.formats.TensorInfo;
import ingot.formats.torch.TorchFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What torch 2.1 and later write, instruction by instruction as {@code torch/_tensor.py} ({@code _reduce_ex_internal}),
 * {@code torch/nn/parameter.py} and {@code torch/serialization.py} of 2.6 make it.
 */
final class ModernTorchTest {
    private static final byte[] BYTES =
            HexFormat.of().parseHex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b");

    @TempDir
    private Path folder;

    /** {@code ('storage', torch.storage.UntypedStorage, key, 'cpu', bytes)}. */
    private static Pickle untyped(Pickle p, String key, long bytes, String view) {
        return p.op("(")
                .text("storage")
                .global("torch.storage", "UntypedStorage")
                .text(key)
                .text("cpu")
                .whole(bytes)
                .op(view)
                .op("tQ");
    }

    /** The arguments of {@code _rebuild_tensor_v3} without MARK and REDUCE. */
    private static Pickle v3(Pickle p, long offset, String dtype, long[] size, long[] stride) {
        return untyped(p, "0", BYTES.length, "")
                .whole(offset)
                .tuple(size)
                .tuple(stride)
                .raw(0x89)
                .ordered()
                .global("torch", dtype);
    }

    @ParameterizedTest
    @CsvSource({
        "float8_e4m3fn, F8_E4M3, 1, 0, 000102030405060708090a0b0c0d0e0f1011121314",
        "float8_e5m2, F8_E5M2, 1, 7, 0708090a0b0c0d0e0f101112131415161718191a1b",
        "float8_e8m0fnu, F8_E8M0, 1, 1, 0102030405060708090a0b0c0d0e0f101112131415",
        "uint16, U16, 2, 0, 000102030405060708090a0b0c0d0e0f10111213",
        "uint16, U16, 2, 4, 08090a0b0c0d0e0f101112131415161718191a1b",
        "uint32, U32, 4, 1, 0405060708090a0b0c0d0e0f1011121314151617",
        "bfloat16, BF16, 2, 3, 060708090a0b0c0d0e0f10111213141516171819"
    })
    void typesWithoutStorageClasses(String dtype, DType expected, int width, long offset, String hex)
            throws IOException {
        byte[] bytes = HexFormat.of().parseHex(hex);
        long n = bytes.length / width;
        try (TorchFile file = open(p -> v3(
                        p.global("torch._utils", "_rebuild_tensor_v3").op("("),
                        offset,
                        dtype,
                        new long[] {n},
                        new long[] {1})
                .op("tR"))) {
            TensorInfo w = w(file);
            assertEquals(expected, w.dtype());
            assertEquals(new Shape(n), w.shape());
            assertArrayEquals(bytes, SavedByTorchTest.bytes(file, w));
        }
    }

    /** Element (i, j) of a transposed view is element i + 4j of the storage, counted in elements and not in bytes. */
    @Test
    void stridesCountElementsOfTheStatedType() throws IOException {
        try (TorchFile file = open(p -> v3(
                        p.global("torch._utils", "_rebuild_tensor_v3").op("("),
                        2,
                        "uint16",
                        new long[] {4, 3},
                        new long[] {1, 4})
                .op("tR"))) {
            byte[] expected = new byte[24];
            for (int i = 0; i < 12; i++) {
                int element = 2 + i / 3 + 4 * (i % 3);
                expected[2 * i] = BYTES[2 * element];
                expected[2 * i + 1] = BYTES[2 * element + 1];
            }
            assertArrayEquals(expected, SavedByTorchTest.bytes(file, w(file)));
        }
    }

    /** {@code _rebuild_parameter(data, requires_grad, hooks)}, and with attributes as a dict or (dict, slots). */
    @ParameterizedTest
    @ValueSource(strings = {"", "}", "dict", "slots"})
    void parametersWithState(String state) throws IOException {
        try (TorchFile file = open(p -> {
            p.global("torch._utils", state.isEmpty() ? "_rebuild_parameter" : "_rebuild_parameter_with_state")
                    .op("(")
                    .tensor("HalfStorage", "0", 14, new long[] {2, 7}, new long[] {7, 1})
                    .raw(0x88)
                    .ordered();
            switch (state) {
                case "dict" -> p.op("}").text("note").text("x").op("s");
                case "slots" -> p.op("}").text("a").raw(0x88).op("s").op("}").raw(0x86);
                default -> p.op(state);
            }
            return p.op("tR");
        })) {
            assertEquals(DType.F16, w(file).dtype());
            assertArrayEquals(BYTES, SavedByTorchTest.bytes(file, w(file)));
        }
    }

    /** A Buffer of torch 2.5 is a Tensor with attributes; a Parameter can be rebuilt the same way. */
    @ParameterizedTest
    @CsvSource({"torch, Tensor", "torch.nn.parameter, Parameter"})
    void subclassesWithAttributes(String module, String name) throws IOException {
        try (TorchFile file = open(p -> {
            p.global("torch._tensor", "_rebuild_from_type_v2").op("(");
            p.global("torch._utils", "_rebuild_tensor_v3").global(module, name).op("(");
            return v3(p, 0, "float8_e4m3fn", new long[] {4, 7}, new long[] {7, 1})
                    .op("t")
                    .op("}")
                    .text("persistent")
                    .raw(0x88)
                    .op("s")
                    .op("tR");
        })) {
            assertEquals(DType.F8_E4M3, w(file).dtype());
            assertArrayEquals(BYTES, SavedByTorchTest.bytes(file, w(file)));
        }
    }

    /** Remarks beside the tensors: a dtype, a Size, an ordered dict with attributes. */
    @Test
    void remarksAreLeftOut() throws IOException {
        byte[] pickle = Pickle.begin()
                .op("}(")
                .text("dtype")
                .global("torch", "bfloat16")
                .text("size")
                .global("torch", "Size")
                .tuple(3, 4)
                .raw(0x85)
                .op("R")
                .text("w")
                .tensor("ByteStorage", "0", 28, new long[] {28}, new long[] {1})
                .text("metadata")
                .ordered()
                .op("}")
                .text("_metadata")
                .ordered()
                .op("sb")
                .op("u")
                .stop();
        try (TorchFile file = TorchFile.open(archive("any name", pickle))) {
            assertEquals(1, file.tensors().size());
            assertArrayEquals(BYTES, SavedByTorchTest.bytes(file, w(file)));
        }
    }

    /** Elements beyond the storage, a type of half a storage's size, a type that the storage has already, complex numbers. */
    @ParameterizedTest
    @CsvSource({
        "float8_e4m3fn, 29, reaches element 28 of a storage of 28",
        "uint16, 15, reaches element 14 of a storage of 14",
        "uint64, 4, reaches element 3 of a storage of 3",
        "complex64, 1, refers to 'torch.complex64'",
        "float4_e2m1fn_x2, 1, refers to 'torch.float4_e2m1fn_x2'",
        "FloatStorage, 1, a tensor whose type is not a torch.dtype"
    })
    void whatDoesNotFitIsRefused(String dtype, long n, String message) {
        refused(
                message,
                p -> v3(p.global("torch._utils", "_rebuild_tensor_v3").op("("), 0, dtype, new long[] {n}, new long[] {1
                        })
                        .op("tR"));
    }

    @Test
    void aStatedTypeOverATypedStorageIsRefused() {
        refused(
                "states its type over a storage that has one",
                p -> p.global("torch._utils", "_rebuild_tensor_v3")
                        .op("(")
                        .storage("FloatStorage", "0", 7, "")
                        .whole(0)
                        .tuple(7)
                        .tuple(1)
                        .raw(0x89)
                        .ordered()
                        .global("torch", "float32")
                        .op("tR"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ComplexFloatStorage", "QInt8Storage", "ComplexDoubleStorage"})
    void otherStoragesAreRefusedByName(String type) {
        refused("refers to 'torch." + type + "'", p -> p.tensor(type, "0", 3, new long[] {3}, new long[] {1}));
    }

    @ParameterizedTest
    @CsvSource({
        "torch._utils, _rebuild_qtensor",
        "torch._utils, _rebuild_sparse_tensor",
        "torch._utils, _rebuild_wrapper_subclass",
        "torch._utils, _rebuild_meta_tensor_no_storage",
        "torch._tensor, _rebuild_from_type",
        "torch, device"
    })
    void otherFunctionsAreRefusedByName(String module, String name) {
        refused(
                "refers to '" + module + "." + name + "'",
                p -> p.global(module, name).op(")R"));
    }

    private void refused(String message, UnaryOperator<Pickle> push) {
        IngotException e =
                assertThrows(IngotException.BadData.class, () -> open(push).close());
        assertTrue(String.valueOf(e.getMessage()).contains(message), e::getMessage);
    }

    private static TensorInfo w(TorchFile file) {
        return Objects.requireNonNull(file.tensors().get("w"));
    }

    private TorchFile open(UnaryOperator<Pickle> push) throws IOException {
        Pickle p = push.apply(Pickle.begin().op("}").text("w"));
        return TorchFile.open(archive("archive", p.op("s").stop()));
    }

    /** The records of a 2.6 archive in the order of its writer, by the JDK's own zip writer. */
    private Path archive(String top, byte[] pickle) throws IOException {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        entries.put("data.pkl", pickle);
        entries.put(".format_version", ascii("1"));
        entries.put(".storage_alignment", ascii("64"));
        entries.put("byteorder", ascii("little"));
        entries.put("data/0", BYTES);
        entries.put("version", ascii("3\n"));
        entries.put(".data/serialization_id", ascii("0636067431441032063103331246710342136424"));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(out)) {
            zip.setMethod(ZipOutputStream.STORED);
            for (var e : entries.entrySet()) {
                ZipEntry entry = new ZipEntry(top + "/" + e.getKey());
                CRC32 crc = new CRC32();
                crc.update(e.getValue());
                entry.setCrc(crc.getValue());
                entry.setSize(e.getValue().length);
                zip.putNextEntry(entry);
                zip.write(e.getValue());
                zip.closeEntry();
            }
        }
        return Files.write(folder.resolve("pytorch_model.bin"), out.toByteArray());
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
