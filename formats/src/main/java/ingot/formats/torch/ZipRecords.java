package ingot.formats.torch;

import ingot.formats.IngotException;
import ingot.formats.io.InputFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Walks the records of a zip directory before the library does, which makes five objects of every four bytes of an extra
 * field and keeps them all: what it is given must be small and fill the directory exactly.
 */
final class ZipRecords {
    /** Three times the tensors of any published shard; the library takes some 450 bytes for each. */
    static final int MAX_ENTRIES = 100_000;

    private static final int RECORD = 0x02014b50;
    private static final int RECORD_BYTES = 46;
    /** The 64-bit sizes take 32 bytes; programs that pack archives again add times and owners. */
    private static final int MAX_EXTRA = 64;
    /** {@code FOLDER/data/NUMBER}. */
    private static final int MAX_NAME = 1024;

    private ZipRecords() {}

    /** Refuses a directory, of at most 16 MiB, of more records than the end record says, or of records unlike those that programs write. */
    static void require(InputFile file, ZipDirectory directory) {
        ByteBuffer records =
                ByteBuffer.allocate(Math.toIntExact(directory.size())).order(ByteOrder.LITTLE_ENDIAN);
        file.read(directory.offset(), records);
        int found = 0;
        for (int begin = 0; begin < records.capacity(); found++) {
            long at = directory.offset() + begin;
            int left = records.capacity() - begin;
            if (left < RECORD_BYTES) {
                throw bad(file, at, left + " bytes behind the last record of the zip directory");
            }
            if (records.getInt(begin) != RECORD) {
                throw bad(file, at, "no record of the zip directory where one should begin");
            }
            int name = records.getShort(begin + 28) & 0xFFFF;
            int extra = records.getShort(begin + 30) & 0xFFFF;
            int comment = records.getShort(begin + 32) & 0xFFFF;
            if (name > MAX_NAME || extra > MAX_EXTRA || comment != 0) {
                throw bad(
                        file,
                        at,
                        "a record of the zip directory with a name of " + name + ", an extra field of " + extra
                                + " and a comment of " + comment + " bytes; at most " + MAX_NAME + ", " + MAX_EXTRA
                                + " and 0 are accepted");
            }
            if (found == MAX_ENTRIES) {
                throw bad(file, at, "more than " + MAX_ENTRIES + " zip entries");
            }
            begin += RECORD_BYTES + name + extra;
        }
        if (found != directory.count()) {
            throw bad(
                    file,
                    directory.offset(),
                    "the zip directory has " + found + " entries, its end record says " + directory.count());
        }
    }

    private static IngotException.BadData bad(InputFile file, long at, String reason) {
        return IngotException.BadData.at(file.path(), at, reason);
    }
}
