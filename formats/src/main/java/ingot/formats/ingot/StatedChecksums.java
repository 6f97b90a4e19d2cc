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
import java.util.List;
import java.util.function.LongConsumer;

/**
 * The last tensor of an .ingot file: CRC32C and SHA-256 of the header, then of every other tensor in the order of the file.
 *
 * @param physical the file's tensors, this one included
 */
record StatedChecksums(SafetensorsFile file, List<TensorInfo> physical, ByteBuffer entries) {
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
        ByteBuffer header = ByteBuffer.allocate(Math.toIntExact(file.dataStart()));
        file.input().read(0, header);
        if (Checksum.crc(header.flip()) != Checksum.crcOf(entry(0))) {
            throw IngotException.BadData.at(
                    file.path(), 0, "the header does not match its checksum; the file is damaged");
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
        verify(physical.indexOf(tensor) + 1, buffer, bytes -> {});
    }

    /** Compares the CRC32C of a tensor that was read; cheaper than its SHA-256 by far. */
    void requireCrc(TensorInfo tensor, byte[] bytes) {
        if (Checksum.crc(ByteBuffer.wrap(bytes)) != Checksum.crcOf(entry(physical.indexOf(tensor) + 1))) {
            throw damaged(tensor.offset(), "tensor " + Text.quote(tensor.name()));
        }
    }

    private IngotException.BadData damaged(long from, String what) {
        return IngotException.BadData.at(file.path(), from, what + " does not match its checksum; the file is damaged");
    }

    private void verify(int index, ByteBuffer buffer, LongConsumer read) {
        Checksum sum = new Checksum();
        long from = index == 0 ? 0 : physical.get(index - 1).offset();
        long bytes = index == 0 ? file.dataStart() : physical.get(index - 1).bytes();
        for (long at = 0; at < bytes; at += buffer.limit()) {
            buffer.clear().limit((int) Math.min(buffer.capacity(), bytes - at));
            file.input().read(from + at, buffer);
            sum.update(buffer.flip());
            read.accept(buffer.limit());
        }
        if (!Arrays.equals(sum.entry(), entry(index))) {
            String what = index == 0
                    ? "the header"
                    : "tensor " + Text.quote(physical.get(index - 1).name());
            throw damaged(from, what);
        }
    }
}
