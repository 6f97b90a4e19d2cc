package ingot.tests.hostile;

import static ingot.tests.hostile.HostileCase.bad;
import static ingot.tests.hostile.TorchFileCases.AT;
import static ingot.tests.hostile.TorchFileCases.IN;
import static ingot.tests.hostile.TorchFileCases.STORAGE;
import static ingot.tests.hostile.TorchFileCases.concat;
import static ingot.tests.hostile.TorchFileCases.edit;
import static ingot.tests.hostile.TorchFileCases.extra;
import static ingot.tests.hostile.TorchFileCases.zip;
import static ingot.tests.hostile.TorchModel.TOP;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.zip.Deflater;

/** Rows 56 to 62: zip archives that contradict themselves. */
final class ZipCases {
    private ZipCases() {}

    static List<HostileCase> all() {
        return Stream.of(entries(), checksums(), archives(), zip64())
                .flatMap(List::stream)
                .toList();
    }

    private static List<HostileCase> entries() {
        return List.of(
                storage("row-56-deflated", AT + "entry 'pytorch_model/data/3' is compressed", e -> e.method = 8),
                storage("row-56-deflated-bomb", AT + "entry 'pytorch_model/data/3' is compressed", e -> {
                    e.replace(new byte[100_000_000]);
                    e.data = deflated(e.data);
                    e.stored = e.data.length;
                    e.method = 8;
                }),
                storage("row-57-encrypted", AT + "entry 'pytorch_model/data/3' has flags 0x809", e -> {
                    e.flags |= 1;
                    e.localFlags |= 1;
                }),
                storage("row-57-flags-differ", AT + ".*has flags 0x808 \\(encrypted, or unlike", e -> e.flags = 0x800),
                storage("row-57-strong-encryption", AT + ".*has flags 0x848", e -> {
                    e.flags |= 64;
                    e.localFlags |= 64;
                }),
                storage(
                        "row-58-other-local-name",
                        AT + "the entry here has another name",
                        e -> e.localName = TOP + "data/4"),
                storage("row-58-longer-local-name", AT + "the entry here has another name", e -> e.localName += "x"),
                zip(
                        "row-59-two-data.pkl",
                        AT + "two zip entries named 'pytorch_model/data\\.pkl'",
                        z -> z.add(TOP + "data.pkl", z.entry(TOP + "data.pkl").data)),
                zip(
                        "row-59-two-folders",
                        IN + "zip entry 'pytorch_model/data\\.pkl' is outside|zip entry 'other/data\\.pkl' is outside",
                        z -> z.add("other/data.pkl", z.entry(TOP + "data.pkl").data)),
                zip(
                        "row-59-data.pkl-further-down",
                        IN + "data\\.pkl is not in exactly one top folder",
                        z -> z.add(TOP + "x/data.pkl", new byte[1])),
                zip(
                        "row-59-entry-outside-the-folder",
                        IN + "zip entry '\\.\\./\\.\\./x' is outside",
                        z -> z.add("../../x", new byte[3])),
                zip("row-59-no-data.pkl", IN + "a zip archive without data\\.pkl", z -> z.entries.removeFirst()),
                zip(
                        "row-59-name-with-escape-sequence",
                        AT + "a zip entry with the name '.*\\\\u001b",
                        z -> z.add(TOP + "\u001b[31m", new byte[1])));
    }

    private static List<HostileCase> checksums() {
        return List.of(
                storage(
                        "row-60-storage-damaged",
                        AT + "the CRC of storage '3' is [0-9a-f]{8}, the archive says",
                        e -> e.data[5] ^= 1),
                storage("row-60-crc-of-storage-wrong", AT + "the CRC of storage '3'", e -> e.crc ^= 1),
                edit(
                        "row-60-pickle-damaged",
                        TOP + "data.pkl",
                        AT + "the CRC of entry 'pytorch_model/data\\.pkl'",
                        e -> e.data[9] ^= 1),
                edit(
                        "row-60-version-damaged",
                        TOP + "version",
                        AT + "the CRC of entry 'pytorch_model/version'",
                        e -> e.data[0] ^= 1),
                storage(
                        "row-60-descriptor-contradicts",
                        AT + "size or CRC of entry .* are not those",
                        e -> e.descriptorSize++));
    }

    private static List<HostileCase> archives() {
        return List.of(
                bytes(
                        "row-61-prefixed",
                        IN + "@0: neither a PyTorch file",
                        b -> concat("#!/bin/sh\n".getBytes(StandardCharsets.US_ASCII), b)),
                bytes("row-61-concatenated", AT + "the zip directory is said to be", b -> concat(b, b)),
                bytes(
                        "row-61-bytes-behind",
                        AT + "the file does not end with the end record",
                        b -> concat(b, new byte[1])),
                bytes("row-61-comment", AT + "the file does not end with the end record", b -> {
                    byte[] commented = concat(b, new byte[4]);
                    commented[b.length - 2] = 4;
                    return commented;
                }),
                bytes(
                        "row-61-prefixed-by-an-archive",
                        AT + "the zip directory is said to be",
                        b -> concat(
                                new TorchModel()
                                        .zip()
                                        .each(ZipBytes.Entry::plain)
                                        .bytes(),
                                b)),
                zip("row-61-hole-between-entries", AT + "23 bytes behind entry .* are no data descriptor", z -> {
                    ZipBytes.Entry e = z.entry(STORAGE);
                    e.data = concat(e.data, new byte[7]);
                }),
                zip("row-61-entry-shorter-than-its-size", AT + "12 bytes behind entry .* are no data descriptor", z -> {
                    ZipBytes.Entry e = z.entry(STORAGE);
                    e.data = Arrays.copyOf(e.data, e.data.length - 4);
                }),
                zip(
                        "row-61-more-entries-said",
                        AT + "the zip directory has 17 entries, its end record says 18",
                        z -> z.extraCount = 1),
                zip(
                        "row-61-fewer-entries-said",
                        AT + "the zip directory has 17 entries, its end record says 16",
                        z -> z.extraCount = -1),
                bytes("row-61-empty-archive", IN + "a zip archive without data\\.pkl", b -> new ZipBytes().bytes()),
                bytes("row-61-four-bytes", AT + "a zip archive of 4 bytes; it is cut short", b -> Arrays.copyOf(b, 4)));
    }

    private static List<HostileCase> zip64() {
        return List.of(
                zip("row-62-directory-size-lies", AT + ".*32-bit and 64-bit end records contradict", z -> {
                    z.zip64 = true;
                    z.zip64SizeLie = 10;
                }),
                hidden("row-62-hidden-directory-size-lies", "the zip directory is said to be", z -> z.zip64SizeLie = 1),
                hidden(
                        "row-62-hidden-directory-offset-lies",
                        "the zip directory is said to be",
                        z -> z.zip64OffsetLie = -1),
                hidden(
                        "row-62-hidden-count-lies",
                        "the zip directory has 17 entries, its end record says 18",
                        z -> z.zip64CountLie = 1),
                hidden("row-62-locator-lies", "the 64-bit end record .* is not where", z -> z.locatorLie = 1),
                plain(
                        "row-62-long-extra-field",
                        AT + "a record of the zip directory with a name of 20, an extra field of 65 and",
                        e -> e.centralExtra = new byte[65]),
                // Each four bytes are a field of their own, which a library makes objects of.
                zip("row-62-millions-of-extra-fields", AT + "a record of the zip directory .* field of 65532", z -> {
                    for (int i = 0; i < 120; i++) {
                        z.add(TOP + "data/x" + i, new byte[1]).centralExtra = new byte[65_532];
                    }
                }),
                plain("row-62-local-size-lies", AT + "size or CRC of entry", e -> {
                    // 0xFFFFFFFF in the directory is true 2^32-1 bytes without a 64-bit field.
                    e.centralExtra = extra(1, e.data.length, e.data.length);
                    e.localExtra = extra(1, e.data.length + 1, e.data.length + 1);
                    e.size = 0xFFFF_FFFFL;
                }),
                plain("row-62-no-64-bit-field", AT + ".*there is room for 144", e -> e.size = 0xFFFF_FFFFL),
                plain("row-62-64-bit-field-cut-short", "cannot be read|there is room for", e -> {
                    e.centralExtra = new byte[] {1, 0, 4, 0, 1, 2, 3, 4};
                    e.size = 0xFFFF_FFFFL;
                }),
                plain("row-62-size-negative", AT + ".*there is room for|cannot be read", e -> {
                    e.centralExtra = extra(1, -5, -5);
                    e.size = 0xFFFF_FFFFL;
                }),
                plain("row-62-size-2^62", AT + ".*there is room for", e -> {
                    e.centralExtra = extra(1, 1L << 62, 1L << 62);
                    e.size = 0xFFFF_FFFFL;
                }));
    }

    private static byte[] deflated(byte[] data) {
        Deflater deflater = new Deflater(9, true);
        deflater.setInput(data);
        deflater.finish();
        byte[] out = new byte[data.length / 100];
        int n = deflater.deflate(out);
        deflater.end();
        return Arrays.copyOf(out, n);
    }

    private static HostileCase hidden(String name, String message, Consumer<ZipBytes> edit) {
        return zip(name, AT + message, z -> {
            z.zip64 = true;
            z.hidden = true;
            edit.accept(z);
        });
    }

    private static HostileCase storage(String name, String message, Consumer<ZipBytes.Entry> edit) {
        return edit(name, STORAGE, message, edit);
    }

    private static HostileCase plain(String name, String message, Consumer<ZipBytes.Entry> edit) {
        return storage(name, message, e -> {
            e.plain();
            edit.accept(e);
        });
    }

    private static HostileCase bytes(String name, String message, java.util.function.UnaryOperator<byte[]> edit) {
        return bad(
                name,
                message,
                f -> new TorchModel().write(f, edit.apply(new TorchModel().zip().bytes())));
    }
}
