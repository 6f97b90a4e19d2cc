package ingot.formats.ingot;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.TensorInfo;
import ingot.formats.Text;
import ingot.formats.safetensors.SafetensorsFile;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.zip.CRC32C;

/**
 * The last tensor of an .ingot file: CRC32C and SHA-256 of the header, then of every other tensor in the order of the file.
 *
 * @param physical the file's tensors in its order, this one included
 */
record StatedChecksums(SafetensorsFile file, List<TensorInfo> physical, ByteBuffer entries) {
    /** The order of the file; only tensors without bytes, whose checksums are the same, can be equal in it. */
    private static final Comparator<TensorInfo> ORDER =
            Comparator.comparingLong(TensorInfo::offset).thenComparingLong(TensorInfo::bytes);

    private static final int PIECE = 1 << 20;

    /**
     * Reads them, and checks the CRC of the header.
     *
     * @throws IngotException.BadData when they are not there, or the header is damaged
     */
    static StatedChecksums read(SafetensorsFile file) {
        List<TensorInfo> physical = List.copyOf(file.tensors().sequencedValues());
        TensorInfo last = physical.isEmpty() ? null : physical.getLast();
        if (last == null
                || !last.name().equals(IngotFormat.CHECKSUMS)
                || last.dtype() != DType.U8
                || last.bytes() != (long) physical.size() * IngotFormat.CHECKSUM_BYTES) {
            throw IngotException.BadData.in(
                    file.path(),
                    "its last tensor is not " + IngotFormat.CHECKSUMS + " with one entry for each other tensor");
        }
        byte[] bytes = new byte[Math.toIntExact(last.bytes())];
        file.read(last, 0, MemorySegment.ofArray(bytes));
        StatedChecksums stated = new StatedChecksums(file, physical, ByteBuffer.wrap(bytes));
        stated.requireHeader();
        return stated;
    }

    private void requireHeader() {
        CRC32C crc = new CRC32C();
        pieces(0, file.dataStart(), ByteBuffer.allocate((int) Math.min(file.dataStart(), PIECE)), crc::update);
        if ((int) crc.getValue() != Checksum.crcOf(entry(0))) {
            throw damaged(0, "the header");
        }
    }

    /** SHA-256 of a tensor. */
    byte[] sha256(int index) {
        return Checksum.shaOf(entry(index + 1));
    }

    /** @param index 0 is the header, then the tensors */
    private byte[] entry(int index) {
        byte[] entry = new byte[IngotFormat.CHECKSUM_BYTES];
        entries.get(index * IngotFormat.CHECKSUM_BYTES, entry);
        return entry;
    }

    private int entryOf(TensorInfo tensor) {
        return Collections.binarySearch(physical, tensor, ORDER) + 1;
    }

    /** Reads everything that there is a checksum of. */
    void verify(Progress progress) {
        long[] done = new long[1];
        ByteBuffer buffer = ByteBuffer.allocateDirect(PIECE);
        for (int i = 0; i < physical.size(); i++) {
            verify(i, buffer, bytes -> progress.step("verify", done[0] += bytes, file.size(), Progress.Unit.BYTES));
        }
    }

    /** Reads a tensor. */
    void verify(TensorInfo tensor) {
        ByteBuffer buffer = ByteBuffer.allocateDirect((int) Math.clamp(tensor.bytes(), 1, PIECE));
        verify(entryOf(tensor), buffer, bytes -> {});
    }

    /** Compares the CRC32C of a tensor that was read; cheaper than its SHA-256 by far. */
    void requireCrc(TensorInfo tensor, byte[] bytes) {
        if (Checksum.crc(ByteBuffer.wrap(bytes)) != Checksum.crcOf(entry(entryOf(tensor)))) {
            throw damaged(tensor);
        }
    }

    /** Compares both checksums of a tensor that was read. */
    void require(TensorInfo tensor, byte[] bytes) {
        Checksum sum = new Checksum();
        sum.update(ByteBuffer.wrap(bytes));
        if (!Arrays.equals(sum.entry(), entry(entryOf(tensor)))) {
            throw damaged(tensor);
        }
    }

    private IngotException.BadData damaged(TensorInfo tensor) {
        return damaged(tensor.offset(), "tensor " + Text.quote(tensor.name()));
    }

    private IngotException.BadData damaged(long from, String what) {
        return IngotException.BadData.at(file.path(), from, what + " does not match its checksum; the file is damaged");
    }

    /** Reads bytes from {@code from} on, as many at a time as the buffer holds. */
    private void pieces(long from, long bytes, ByteBuffer buffer, Consumer<ByteBuffer> each) {
        for (long at = 0; at < bytes; at += buffer.limit()) {
            buffer.clear().limit((int) Math.min(buffer.capacity(), bytes - at));
            file.input().read(from + at, buffer);
            each.accept(buffer.flip());
        }
    }

    private void verify(int index, ByteBuffer buffer, LongConsumer read) {
        Checksum sum = new Checksum();
        long from = index == 0 ? 0 : physical.get(index - 1).offset();
        long bytes = index == 0 ? file.dataStart() : physical.get(index - 1).bytes();
        pieces(from, bytes, buffer, piece -> {
            sum.update(piece);
            read.accept(piece.limit());
        });
        if (!Arrays.equals(sum.entry(), entry(index))) {
            throw index == 0 ? damaged(0, "the header") : damaged(physical.get(index - 1));
        }
    }
}
