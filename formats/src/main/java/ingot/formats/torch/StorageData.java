package ingot.formats.torch;

import ingot.formats.IngotException;
import ingot.formats.io.InputFile;
import ingot.formats.torch.Contents.Extent;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.zip.CRC32;

/**
 * The bytes of one storage. Before the first of them is given out, all are read once and their CRC-32 compared: a
 * damaged storage is never used, not even in part. Safe for use by several threads; those that come while the CRC is
 * computed wait for it.
 */
final class StorageData {
    private static final int BLOCK = 1 << 20;

    private final InputFile file;
    private final Extent extent;
    private final String what;
    private boolean verified;

    /** @param what the storage in an error message */
    StorageData(InputFile file, Extent extent, String what) {
        this.file = file;
        this.extent = extent;
        this.what = what;
    }

    long offset() {
        return extent.offset();
    }

    /** Fills {@code destination} from byte {@code at} of the storage on. */
    void read(long at, MemorySegment destination) {
        java.util.Objects.checkFromIndexSize(at, destination.byteSize(), extent.bytes());
        verify();
        file.read(extent.offset() + at, destination);
    }

    private synchronized void verify() {
        if (!verified) {
            requireCrc(file, extent, what);
            verified = true;
        }
    }

    /** @throws IngotException.BadData when the bytes do not have the CRC recorded for them */
    static void requireCrc(InputFile file, Extent extent, String what) {
        if (extent.crc().isEmpty()) {
            return;
        }
        CRC32 crc = new CRC32();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment block = arena.allocate(Math.min(BLOCK, Math.max(1, extent.bytes())), 64);
            for (long at = 0; at < extent.bytes(); ) {
                MemorySegment part = block.asSlice(0, Math.min(BLOCK, extent.bytes() - at));
                file.read(extent.offset() + at, part);
                crc.update(part.asByteBuffer());
                at += part.byteSize();
            }
        }
        if (crc.getValue() != extent.crc().getAsLong()) {
            throw IngotException.BadData.at(
                    file.path(),
                    extent.offset(),
                    String.format(
                            "the CRC of %s is %08x, the archive says %08x: the file is damaged, download it again",
                            what, crc.getValue(), extent.crc().getAsLong()));
        }
    }
}
