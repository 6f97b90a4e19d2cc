package ingot.formats.torch;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.io.InputFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;

/**
 * The entries of a zip archive that is nothing else: it begins at byte 0 of the file and ends at the last, its entries
 * follow one another without gaps, names are unique, nothing is compressed or encrypted, and what the central directory
 * says of an entry is what stands before and behind its data. Commons Compress reads the central directory; the rest
 * is ours, for lenient readers differ in what they make of an archive that contradicts itself. Source: APPNOTE.TXT 6.3.
 */
final class ZipEntries {
    private static final long MAX_DIRECTORY = 16 << 20;
    private static final int LOCAL = 0x04034b50;
    private static final int DESCRIPTOR = 0x08074b50;
    private static final int LOCAL_BYTES = 30;
    private static final int HAS_DESCRIPTOR = 1 << 3;
    private static final int UTF8_NAME = 1 << 11;
    private static final int ZIP64_EXTRA = 1;
    private static final long U32 = 0xFFFF_FFFFL;

    private final InputFile file;
    private final ZipDirectory directory;

    private ZipEntries(InputFile file, ZipDirectory directory) {
        this.file = file;
        this.directory = directory;
    }

    /** Data of one entry in the file, and the CRC-32 it must have. */
    record Entry(String name, long offset, long size, long crc) {}

    /** Every entry by name, in the order of the file. */
    static SequencedMap<String, Entry> read(InputFile file) {
        ZipDirectory directory = ZipDirectory.find(file);
        if (directory.count() > ZipRecords.MAX_ENTRIES || directory.size() > MAX_DIRECTORY) {
            throw IngotException.BadData.at(
                    file.path(),
                    directory.offset(),
                    directory.count() + " zip entries in " + directory.size() + " bytes; at most "
                            + ZipRecords.MAX_ENTRIES + " in " + MAX_DIRECTORY + " are accepted");
        }
        ZipRecords.require(file, directory);
        return new ZipEntries(file, directory).entries();
    }

    private SequencedMap<String, Entry> entries() {
        List<ZipArchiveEntry> central = new ArrayList<>(central());
        if (central.size() != directory.count()) {
            throw bad(
                    directory.offset(),
                    "the zip directory has " + central.size() + " entries, its end record says " + directory.count());
        }
        requireNoProgram(central);
        central.sort(Comparator.comparingLong(ZipArchiveEntry::getLocalHeaderOffset));
        SequencedMap<String, Entry> entries = LinkedHashMap.newLinkedHashMap(central.size());
        long expected = 0;
        for (int i = 0; i < central.size(); i++) {
            ZipArchiveEntry e = central.get(i);
            if (e.getLocalHeaderOffset() != expected) {
                throw bad(
                        e.getLocalHeaderOffset(),
                        "a zip entry begins here; the one before ends at " + expected
                                + ": something stands before, between or inside the entries");
            }
            expected = i + 1 < central.size() ? central.get(i + 1).getLocalHeaderOffset() : directory.offset();
            Entry entry = entry(e, expected);
            if (entries.putIfAbsent(entry.name(), entry) != null) {
                throw bad(e.getLocalHeaderOffset(), "two zip entries named " + Text.quote(entry.name()));
            }
        }
        if (expected != directory.offset()) {
            throw bad(0, "an empty zip archive with " + directory.offset() + " bytes before it");
        }
        return entries;
    }

    /** Before anything else is said of them: the code of a TorchScript archive is compressed. */
    private void requireNoProgram(List<ZipArchiveEntry> central) {
        for (ZipArchiveEntry e : central) {
            if (e.getName().matches("[^/]*/(constants\\.pkl|code/.*)")) {
                throw bad(
                        e.getLocalHeaderOffset(),
                        "a TorchScript archive, which holds a program; save its state_dict() with torch.save instead");
            }
        }
    }

    private List<ZipArchiveEntry> central() {
        // Local headers are read here, one at a time: the library would keep the extra fields of all of them.
        try (ZipFile zip = ZipFile.builder()
                .setSeekableByteChannel(new InputChannel(file))
                .setIgnoreLocalFileHeader(true)
                .setUseUnicodeExtraFields(false)
                .get()) {
            return Collections.list(zip.getEntries());
        } catch (IngotException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // A library that meets what it did not expect is no reason to crash.
            throw IngotException.BadData.in(file.path(), "the zip directory cannot be read: " + Text.reason(e));
        }
    }

    /** Compares an entry of the directory with what is in its place; {@code end} is where the next thing begins. */
    private Entry entry(ZipArchiveEntry central, long end) {
        long start = central.getLocalHeaderOffset();
        if (end - start < LOCAL_BYTES) {
            throw bad(start, "no room for a zip entry before " + end);
        }
        ByteBuffer local = bytes(start, LOCAL_BYTES);
        byte[] rawName = central.getRawName();
        String name = name(rawName, start);
        int flags = local.getShort(6) & 0xFFFF;
        int nameLength = local.getShort(26) & 0xFFFF;
        int extraLength = local.getShort(28) & 0xFFFF;
        long data = start + LOCAL_BYTES + nameLength + extraLength;
        if (local.getInt(0) != LOCAL || data > end) {
            throw bad(start, "no zip entry where the directory places " + Text.quote(name));
        }
        if (nameLength != rawName.length
                || !Arrays.equals(bytes(start + LOCAL_BYTES, nameLength).array(), rawName)) {
            throw bad(start, "the entry here has another name than its directory entry " + Text.quote(name));
        }
        if (flags != central.getRawFlag() || (flags & ~(HAS_DESCRIPTOR | UTF8_NAME)) != 0) {
            throw bad(
                    start,
                    "entry " + Text.quote(name) + " has flags 0x" + Integer.toHexString(flags)
                            + " (encrypted, or unlike its directory entry)");
        }
        if (central.getMethod() != 0 || local.getShort(8) != 0) {
            throw bad(start, "entry " + Text.quote(name) + " is compressed; torch.save stores entries as they are");
        }
        long size = central.getSize();
        if (size < 0 || size != central.getCompressedSize() || size > end - data || central.getDiskNumberStart() != 0) {
            throw bad(
                    start,
                    "entry " + Text.quote(name) + " has " + size + " bytes (" + central.getCompressedSize()
                            + " stored); there is room for " + (end - data));
        }
        Entry entry = new Entry(name, data, size, central.getCrc());
        if ((flags & HAS_DESCRIPTOR) != 0) {
            requireZeroOrSame(local, entry, start);
            requireDescriptor(entry, end);
        } else {
            requireSame(local, bytes(data - extraLength, extraLength), entry, start);
            if (data + size != end) {
                throw bad(data + size, (end - data - size) + " bytes behind entry " + Text.quote(name));
            }
        }
        return entry;
    }

    private String name(byte[] raw, long at) {
        try {
            String name = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(raw))
                    .toString();
            if (name.isEmpty() || name.chars().anyMatch(Character::isISOControl)) {
                throw bad(at, "a zip entry with the name " + Text.quote(name));
            }
            return name;
        } catch (CharacterCodingException e) {
            throw bad(at, "a zip entry whose name is not UTF-8");
        }
    }

    /** With a descriptor behind the data the fields before it are 0, or as if there were none. */
    private void requireZeroOrSame(ByteBuffer local, Entry entry, long start) {
        long[] fields = {local.getInt(14) & U32, local.getInt(18) & U32, local.getInt(22) & U32};
        long[] expected = {entry.crc(), Math.min(entry.size(), U32), Math.min(entry.size(), U32)};
        for (int i = 0; i < fields.length; i++) {
            // Sizes in a zip64 field are announced by all bits set.
            if (fields[i] != 0 && fields[i] != expected[i] && !(i > 0 && fields[i] == U32)) {
                throw contradiction(entry, start);
            }
        }
    }

    private void requireSame(ByteBuffer local, ByteBuffer extra, Entry entry, long start) {
        long compressed = local.getInt(18) & U32;
        long size = local.getInt(22) & U32;
        if (size == U32 || compressed == U32) {
            ByteBuffer zip64 = zip64(extra, start);
            size = size == U32 ? next(zip64, start) : size;
            compressed = compressed == U32 ? next(zip64, start) : compressed;
        }
        if ((local.getInt(14) & U32) != entry.crc() || size != entry.size() || compressed != entry.size()) {
            throw contradiction(entry, start);
        }
    }

    private ByteBuffer zip64(ByteBuffer extra, long start) {
        while (extra.remaining() >= 4) {
            int id = extra.getShort() & 0xFFFF;
            int n = extra.getShort() & 0xFFFF;
            if (n > extra.remaining()) {
                break;
            }
            if (id == ZIP64_EXTRA) {
                return extra.slice(extra.position(), n).order(ByteOrder.LITTLE_ENDIAN);
            }
            extra.position(extra.position() + n);
        }
        throw bad(start, "a zip entry that announces 64-bit sizes and has none");
    }

    private long next(ByteBuffer zip64, long start) {
        if (zip64.remaining() < 8) {
            throw bad(start, "a zip entry whose 64-bit sizes are cut short");
        }
        return zip64.getLong();
    }

    /** {@code signature, crc, compressed size, size}, the sizes of 4 or 8 bytes; it must fill the gap to the next entry. */
    private void requireDescriptor(Entry entry, long end) {
        long at = entry.offset() + entry.size();
        long gap = end - at;
        if (gap != 16 && gap != 24) {
            throw bad(at, gap + " bytes behind entry " + Text.quote(entry.name()) + " are no data descriptor");
        }
        ByteBuffer d = bytes(at, (int) gap);
        boolean wide = gap == 24;
        boolean right = d.getInt() == DESCRIPTOR;
        right &= (d.getInt() & U32) == entry.crc();
        for (int i = 0; i < 2; i++) {
            right &= (wide ? d.getLong() : d.getInt() & U32) == entry.size();
        }
        if (!right) {
            throw contradiction(entry, at);
        }
    }

    private IngotException.BadData contradiction(Entry entry, long at) {
        return bad(at, "size or CRC of entry " + Text.quote(entry.name()) + " are not those of its directory entry");
    }

    private ByteBuffer bytes(long at, int n) {
        ByteBuffer buffer = ByteBuffer.allocate(n).order(ByteOrder.LITTLE_ENDIAN);
        file.read(at, buffer);
        return buffer.flip();
    }

    private IngotException.BadData bad(long at, String reason) {
        return IngotException.BadData.at(file.path(), at, reason);
    }
}
