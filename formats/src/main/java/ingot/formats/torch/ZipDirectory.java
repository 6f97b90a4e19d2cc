package ingot.formats.torch;

import ingot.formats.IngotException;
import ingot.formats.io.InputFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Where the central directory of a zip archive is, from the records that end the file:
 * {@code directory | [zip64 end (56) | zip64 locator (20)] | end (22)}. The directory must reach up to them, and where 32-bit
 * and 64-bit records speak of the same thing they must agree.
 *
 * @param count entries
 * @param offset of the directory from byte 0 of the file
 * @param size in bytes
 */
record ZipDirectory(long count, long offset, long size) {
    private static final int END = 0x06054b50;
    private static final int END_BYTES = 22;
    private static final int LOCATOR = 0x07064b50;
    private static final int LOCATOR_BYTES = 20;
    private static final int END64 = 0x06064b50;
    private static final int END64_BYTES = 56;
    private static final long U16 = 0xFFFF;
    private static final long U32 = 0xFFFF_FFFFL;

    static ZipDirectory find(InputFile file) {
        long endAt = file.size() - END_BYTES;
        if (endAt < 0) {
            throw bad(file, 0, "a zip archive of " + file.size() + " bytes; it is cut short");
        }
        ByteBuffer end = bytes(file, endAt, END_BYTES);
        if (end.getInt(0) != END || end.getShort(20) != 0) {
            throw bad(
                    file,
                    endAt,
                    "the file does not end with the end record of a zip archive: cut short, or followed by bytes");
        }
        ZipDirectory small = new ZipDirectory(end.getShort(10) & U16, end.getInt(16) & U32, end.getInt(12) & U32);
        if (end.getInt(4) != 0 || (end.getShort(8) & U16) != small.count) {
            throw bad(file, endAt, "a zip archive of several parts");
        }
        long locatorAt = endAt - LOCATOR_BYTES;
        boolean wide = locatorAt >= 0 && bytes(file, locatorAt, LOCATOR_BYTES).getInt(0) == LOCATOR;
        ZipDirectory found = wide ? wide(file, locatorAt) : small;
        long limit = wide ? locatorAt - END64_BYTES : endAt;
        if (wide && !agree(small, found)) {
            throw bad(file, endAt, "the zip archive's 32-bit and 64-bit end records contradict each other");
        }
        if (found.offset < 0 || found.size < 0 || found.offset > limit || found.size != limit - found.offset) {
            throw bad(
                    file,
                    limit,
                    "the zip directory is said to be " + found.size + " bytes at " + found.offset + ", but ends at "
                            + limit + ": something stands before or behind the archive");
        }
        return found;
    }

    private static ZipDirectory wide(InputFile file, long locatorAt) {
        ByteBuffer locator = bytes(file, locatorAt, LOCATOR_BYTES);
        long at = locatorAt - END64_BYTES;
        if (locator.getLong(8) != at || locator.getInt(4) != 0 || (locator.getInt(16) & U32) > 1) {
            throw bad(file, locatorAt, "the 64-bit end record of the zip archive is not where its locator says");
        }
        ByteBuffer end = bytes(file, at, END64_BYTES);
        // The record's size leaves out its first 12 bytes.
        if (end.getInt(0) != END64 || end.getLong(4) != END64_BYTES - 12) {
            throw bad(file, at, "no 64-bit end record of a zip archive where its locator says");
        }
        if (end.getLong(16) != 0 || end.getLong(24) != end.getLong(32)) {
            throw bad(file, at, "a zip archive of several parts");
        }
        return new ZipDirectory(end.getLong(32), end.getLong(48), end.getLong(40));
    }

    private static boolean agree(ZipDirectory small, ZipDirectory wide) {
        return (small.count == U16 || small.count == wide.count)
                && (small.offset == U32 || small.offset == wide.offset)
                && (small.size == U32 || small.size == wide.size);
    }

    private static ByteBuffer bytes(InputFile file, long at, int n) {
        if (at < 0) {
            throw bad(file, 0, "the end records of the zip archive begin before the file");
        }
        ByteBuffer buffer = ByteBuffer.allocate(n).order(ByteOrder.LITTLE_ENDIAN);
        file.read(at, buffer);
        return buffer.flip();
    }

    private static IngotException.BadData bad(InputFile file, long at, String reason) {
        return IngotException.BadData.at(file.path(), at, reason);
    }
}
