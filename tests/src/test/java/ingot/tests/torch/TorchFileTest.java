package ingot.tests.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.TensorInfo;
import ingot.formats.torch.TorchFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tensors larger than every buffer, in orders that reading straight through does not give. */
final class TorchFileTest {
    @TempDir
    private Path folder;

    /** Rank, sizes and strides of a view of a storage of {@code numel} int32 elements, element i having the value i. */
    @ParameterizedTest
    @CsvSource({
        "1500 700, 1 1500, 1050000", // transposed
        "700 1500, 1500 1, 1050000",
        "3 1500 233, 349500 1 1500, 1048500", // transposed in each of three
        "233 3 1500, 1500 349500 1, 1048500", // permuted
        "1500 2, 700 1, 1050000", // a narrow slice
        "2 1500, 1 700, 1050000",
        "1049, 1001, 1050050", // one element in a thousand
        "400000, 3, 1200000",
        "7 11 13 17, 1 7 77 1001, 17017", // Fortran order
        "7 1 13 1 17, 221 999 17 5 1, 1547" // sizes of one with any stride
    })
    void viewsOfAnyOrderAreGathered(String sizes, String strides, int numel) throws IOException {
        long[] size = longs(sizes);
        long[] stride = longs(strides);
        ByteBuffer storage = ByteBuffer.allocate(4 * numel).order(ByteOrder.LITTLE_ENDIAN);
        IntStream.range(0, numel).forEach(storage::putInt);
        Path path = write(storage.array(), "little", p -> p.tensor("IntStorage", "0", numel, size, stride));
        byte[] swapped = new byte[4 * numel];
        for (int i = 0; i < swapped.length; i++) {
            swapped[i] = storage.get(i ^ 3);
        }
        ByteBuffer expected = expected(size, stride);
        try (TorchFile file = TorchFile.open(path)) {
            TensorInfo t = Objects.requireNonNull(file.tensors().get("w"));
            assertEquals(DType.I32, t.dtype());
            assertArrayEquals(expected.array(), SavedByTorchTest.bytes(file, t));
            // Rows of it, as the converter asks for them.
            int row = (int) t.shape().cols() * 4;
            for (int at = 0; at < t.bytes(); at += 97 * row) {
                byte[] part = new byte[(int) Math.min(5L * row, t.bytes() - at)];
                file.read(t, at, MemorySegment.ofArray(part));
                assertEquals(expected.slice(at, part.length), ByteBuffer.wrap(part), t.name() + " from " + at);
            }
        }
        Path big = write(swapped, "big", p -> p.tensor("IntStorage", "0", numel, size, stride));
        try (TorchFile file = TorchFile.open(big)) {
            assertArrayEquals(
                    expected.array(),
                    SavedByTorchTest.bytes(
                            file, Objects.requireNonNull(file.tensors().get("w"))));
        }
    }

    /** By the definition: element (i0, i1, …) is element Σ i·stride of the storage. */
    private static ByteBuffer expected(long[] size, long[] stride) {
        int count = 1;
        for (long d : size) {
            count = Math.multiplyExact(count, (int) d);
        }
        ByteBuffer out = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) {
            long left = i;
            long at = 0;
            for (int d = size.length - 1; d >= 0; d--) {
                at += left % size[d] * stride[d];
                left /= size[d];
            }
            out.putInt((int) at);
        }
        return out;
    }

    /** The last byte of a storage is wrong: not even the first is given out, to no thread. */
    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void nothingOfADamagedStorageIsGivenOut(int threads) throws IOException, InterruptedException {
        byte[] storage = new byte[5 << 20];
        Path path = write(
                storage,
                "little",
                p -> p.tensor("ByteStorage", "0", storage.length, new long[] {storage.length}, new long[] {1}));
        byte[] file = Files.readAllBytes(path);
        int data = indexOf(file, new byte[4096]);
        file[data + storage.length - 1] ^= 1;
        Files.write(path, file);
        try (TorchFile torch = TorchFile.open(path)) {
            TensorInfo t = Objects.requireNonNull(torch.tensors().get("w"));
            AtomicInteger refused = new AtomicInteger();
            Thread[] all = IntStream.range(0, threads)
                    .mapToObj(i -> Thread.ofPlatform().unstarted(() -> {
                        IngotException e = assertThrows(
                                IngotException.BadData.class,
                                () -> torch.read(t, 0, MemorySegment.ofArray(new byte[1])));
                        assertTrue(String.valueOf(e.getMessage()).contains("the CRC of storage '0'"), e::getMessage);
                        refused.incrementAndGet();
                    }))
                    .toArray(Thread[]::new);
            for (Thread thread : all) {
                thread.start();
            }
            for (Thread thread : all) {
                thread.join();
            }
            assertEquals(threads, refused.get());
        }
    }

    /** An archive of 4.3 GB that torch saved, its zeros as a hole: 64-bit sizes and offsets. */
    @Test
    void anArchiveOfMoreThanFourGigabytesIsRead() throws IOException {
        Path saved = Path.of(System.getProperty("ingot.root"), "golden-outputs", "torch");
        long zeros = 4_300_000_000L;
        Path path = folder.resolve("large.bin");
        byte[] head = Files.readAllBytes(saved.resolve("large-head.part"));
        try (FileChannel out = FileChannel.open(
                path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            out.write(ByteBuffer.wrap(head), 0);
            out.write(ByteBuffer.wrap(Files.readAllBytes(saved.resolve("large-tail.part"))), head.length + zeros);
        }
        try (TorchFile file = TorchFile.open(path)) {
            TensorInfo behind = Objects.requireNonNull(file.tensors().get("behind"));
            assertTrue(behind.offset() > 1L << 32);
            ByteBuffer numbers =
                    ByteBuffer.wrap(SavedByTorchTest.bytes(file, behind)).order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < 12; i++) {
                assertEquals(i, numbers.getFloat());
            }
            TensorInfo transposed = Objects.requireNonNull(file.tensors().get("behind_transposed"));
            ByteBuffer shorts =
                    ByteBuffer.wrap(SavedByTorchTest.bytes(file, transposed)).order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < 12; i++) {
                assertEquals(i % 3 * 4 + i / 3, shorts.getShort());
            }
            TensorInfo all = Objects.requireNonNull(file.tensors().get("zeros"));
            assertEquals(zeros, all.bytes());
            byte[] end = {1, 1, 1};
            file.read(all, zeros - 3, MemorySegment.ofArray(end));
            assertArrayEquals(new byte[3], end);
        }
    }

    private static int indexOf(byte[] file, byte[] zeros) {
        for (int i = 0; i + zeros.length < file.length; i++) {
            if (java.util.Arrays.equals(file, i, i + zeros.length, zeros, 0, zeros.length)) {
                return i;
            }
        }
        throw new AssertionError("no zeros");
    }

    private static long[] longs(String text) {
        return java.util.Arrays.stream(text.strip().split(" "))
                .mapToLong(Long::parseLong)
                .toArray();
    }

    /** One tensor 'w', written by the JDK's own zip writer. */
    private Path write(byte[] storage, String order, java.util.function.Consumer<Pickle> push) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Pickle p = Pickle.begin().op("}").text("w");
        push.accept(p);
        try (ZipOutputStream zip = new ZipOutputStream(out)) {
            zip.setMethod(ZipOutputStream.STORED);
            stored(zip, "x/data.pkl", p.op("s").stop());
            stored(zip, "x/byteorder", order.getBytes(StandardCharsets.US_ASCII));
            stored(zip, "x/data/0", storage);
            stored(zip, "x/version", new byte[] {'3'});
        }
        return Files.write(folder.resolve("x.pt"), out.toByteArray());
    }

    private static void stored(ZipOutputStream zip, String name, byte[] data) throws IOException {
        ZipEntry entry = new ZipEntry(name);
        CRC32 crc = new CRC32();
        crc.update(data);
        entry.setCrc(crc.getValue());
        entry.setSize(data.length);
        zip.putNextEntry(entry);
        zip.write(data);
        zip.closeEntry();
    }
}
