package ingot.tests.hostile;

import ingot.tests.torch.Pickle;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.zip.CRC32;

/** Writes zip archives as torch does (descriptors behind the data, padding in front), and each field wrong when told to. */
final class ZipBytes {
    static final int TORCH_FLAGS = 0x0808;

    /** One entry; every field is written as it stands here. */
    static final class Entry {
        final String name;
        byte[] data;
        String localName;
        int method;
        int flags = TORCH_FLAGS;
        int localFlags = TORCH_FLAGS;
        long crc;
        long size;
        /** Bytes in the file, where they are others. */
        long stored = -1;

        long descriptorSize;
        boolean wideDescriptor;
        byte[] localExtra = new byte[0];
        byte[] centralExtra = new byte[0];

        Entry(String name, byte[] data) {
            this.name = name;
            this.localName = name;
            this.data = data;
            replace(data);
        }

        /** Other data, with the checksum and sizes that belong to it. */
        void replace(byte[] other) {
            CRC32 sum = new CRC32();
            sum.update(other);
            data = other;
            crc = sum.getValue();
            size = other.length;
            descriptorSize = other.length;
        }

        /** Sizes before the data, nothing behind it, as most programs write. */
        void plain() {
            flags = 0;
            localFlags = 0;
        }
    }

    final List<Entry> entries = new ArrayList<>();
    /** What the end record says, beyond the truth. */
    int extraCount;

    boolean zip64;
    long zip64SizeLie;
    long zip64OffsetLie;
    long zip64CountLie;
    long locatorLie;
    /** The 32-bit fields announce that the 64-bit ones count. */
    boolean hidden;

    Entry add(String name, byte[] data) {
        Entry e = new Entry(name, data);
        entries.add(e);
        return e;
    }

    Entry entry(String name) {
        return entries.stream().filter(e -> e.name.equals(name)).findFirst().orElseThrow();
    }

    ZipBytes each(Consumer<Entry> edit) {
        entries.forEach(edit);
        return this;
    }

    byte[] bytes() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream directory = new ByteArrayOutputStream();
        for (Entry e : entries) {
            central(e, out.size(), directory);
            local(e, out);
        }
        long offset = out.size();
        int count = entries.size() + extraCount;
        out.writeBytes(directory.toByteArray());
        if (zip64) {
            long end = out.size();
            long entries64 = count + zip64CountLie;
            put(out, 0x06064b50, 4, 44, 8, 0x1e, 2, 0x2d, 2, 0, 4, 0, 4, entries64, 8, entries64, 8);
            put(out, directory.size() + zip64SizeLie, 8, offset + zip64OffsetLie, 8);
            put(out, 0x07064b50, 4, 0, 4, end + locatorLie, 8, 1, 4);
        }
        long shown = hidden ? 0xFFFF : count;
        put(out, 0x06054b50, 4, 0, 2, 0, 2, shown, 2, shown, 2);
        put(out, hidden ? 0xFFFF_FFFFL : directory.size(), 4, hidden ? 0xFFFF_FFFFL : offset, 4, 0, 2);
        return out.toByteArray();
    }

    private static void local(Entry e, ByteArrayOutputStream out) {
        boolean descriptor = (e.localFlags & 8) != 0;
        byte[] name = e.localName.getBytes(StandardCharsets.UTF_8);
        put(out, 0x04034b50, 4, 0, 2, e.localFlags, 2, e.method, 2, 0, 2, 0, 2);
        put(out, descriptor ? 0 : e.crc, 4, descriptor ? 0 : e.size, 4, descriptor ? 0 : e.size, 4);
        put(out, name.length, 2, e.localExtra.length, 2);
        out.writeBytes(name);
        out.writeBytes(e.localExtra);
        out.writeBytes(e.data);
        if (descriptor) {
            int width = e.wideDescriptor ? 8 : 4;
            put(out, 0x08074b50, 4, e.crc, 4, e.descriptorSize, width, e.descriptorSize, width);
        }
    }

    private static void central(Entry e, long offset, ByteArrayOutputStream out) {
        byte[] name = e.name.getBytes(StandardCharsets.UTF_8);
        put(out, 0x02014b50, 4, 0, 2, 0, 2, e.flags, 2, e.method, 2, 0, 2, 0, 2, e.crc, 4);
        put(out, e.stored < 0 ? e.size : e.stored, 4, e.size, 4);
        put(out, name.length, 2, e.centralExtra.length, 2, 0, 2, 0, 2, 0, 2, 0, 4, offset, 4);
        out.writeBytes(name);
        out.writeBytes(e.centralExtra);
    }

    /** Pairs of a value and its width in bytes. */
    private static void put(ByteArrayOutputStream out, long... valuesAndWidths) {
        for (int i = 0; i < valuesAndWidths.length; i += 2) {
            out.writeBytes(Pickle.little(valuesAndWidths[i], (int) valuesAndWidths[i + 1]));
        }
    }
}
