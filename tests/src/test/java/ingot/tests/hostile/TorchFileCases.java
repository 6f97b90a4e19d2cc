package ingot.tests.hostile;

import static ingot.tests.hostile.HostileCase.accept;
import static ingot.tests.hostile.HostileCase.bad;
import static ingot.tests.hostile.TinyModel.GATE;
import static ingot.tests.hostile.TorchModel.FILE;
import static ingot.tests.hostile.TorchModel.TOP;

import ingot.tests.torch.Pickle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Rows 63 to 70: contents of zip archives, legacy files, files that are something else than their name says. */
final class TorchFileCases {
    static final String AT = "pytorch_model\\.bin: @\\d+: ";
    static final String IN = "pytorch_model\\.bin: ";
    static final String STORAGE = TOP + "data/3";

    private TorchFileCases() {}

    static List<HostileCase> all() {
        return Stream.of(contents(), legacy(), kinds(), accepted())
                .flatMap(List::stream)
                .toList();
    }

    private static List<HostileCase> contents() {
        return List.of(
                zip(
                        "row-64-byteorder-middle",
                        AT + "byteorder 'middle'; expected little or big",
                        z -> text(z, "byteorder", "middle")),
                zip(
                        "row-64-byteorder-long",
                        AT + "entry 'pytorch_model/byteorder' has 65 bytes",
                        z -> text(z, "byteorder", "b".repeat(65))),
                zip(
                        "row-65-torchscript-constants",
                        AT + "a TorchScript archive",
                        z -> text(z, "constants.pkl", "\u0080\2).")),
                zip(
                        "row-65-torchscript-code",
                        AT + "a TorchScript archive",
                        z -> text(z, "code/__torch__.py", "def f(): pass")),
                edit("version-11", TOP + "version", AT + "file format version '11'", e -> set(e, "11\n")),
                edit("version-text", TOP + "version", AT + "file format version '\\\\u001b'", e -> set(e, "\u001b")),
                zip("version-missing", IN + "no entry 'pytorch_model/\\.data/version'", z -> z.entries.removeLast()),
                edit("pickle-empty", TOP + "data.pkl", AT + "the pickle is cut short", e -> set(e, "")),
                edit(
                        "pickle-followed-by-bytes",
                        TOP + "data.pkl",
                        AT + "1 bytes behind the end",
                        e -> set(e, concat(e.data, new byte[1]))),
                edit("pickle-protocol-4", TOP + "data.pkl", AT + "not a pickle of protocol 2", e -> {
                    byte[] p = e.data.clone();
                    p[1] = 4;
                    set(e, p);
                }),
                edit(
                        "pickle-holds-a-number",
                        TOP + "data.pkl",
                        IN + "the pickle holds no dict of tensors",
                        e -> set(e, Pickle.begin().whole(3).stop())),
                edit(
                        "pickle-holds-an-empty-dict",
                        TOP + "data.pkl",
                        IN + "the pickle holds no tensors",
                        e -> set(e, Pickle.begin().op("}").stop())));
    }

    private static List<HostileCase> legacy() {
        return List.of(
                part("row-66-wrong-magic", "magic", AT + "a pickle, but not one of torch\\.save", b -> b[6] ^= 1),
                replace(
                        "row-66-magic-is-text",
                        "magic",
                        AT + "a pickle, but not one of torch\\.save",
                        Pickle.begin().text("x").stop()),
                replace(
                        "row-66-version-1002",
                        "version",
                        AT + "protocol version is not 1001",
                        Pickle.begin().whole(1002).stop()),
                replace(
                        "row-66-system-is-a-list",
                        "system",
                        AT + "the facts about the writing system",
                        Pickle.begin().op("]").stop()),
                replace(
                        "row-67-keys-are-a-dict",
                        "keys",
                        AT + "the storage keys are not a list",
                        Pickle.begin().op("}").stop()),
                replace(
                        "row-67-key-missing",
                        "keys",
                        AT + "the pickle refers to 15 storages, the list has 1",
                        Pickle.begin().op("]").text("0").op("a").stop()),
                replace(
                        "row-67-key-unknown",
                        "keys",
                        AT + ".*names one that no tensor has",
                        Pickle.begin().op("]").text("99").op("a").stop()),
                replace(
                        "row-67-key-twice",
                        "keys",
                        AT + "storage '0' is listed twice",
                        Pickle.begin().op("](").text("0").text("0").op("e").stop()),
                part("row-67-numel", "storage 0", AT + "storage '0' has 43 elements here and 42", b -> b[0]++),
                part("row-67-numel-negative", "storage 0", AT + "storage '0' has -\\d+ elements", b -> b[7] = -1),
                replace(
                        "row-68-last-storage-short",
                        "storage 14",
                        AT + "storage '14' needs 168 bytes, 1 are left",
                        new byte[9]),
                replace(
                        "row-68-last-storage-missing",
                        "storage 14",
                        AT + "storage '14' needs 168 bytes, 0 are left",
                        new byte[0]),
                legacy(
                        "bytes-behind-a-legacy-file",
                        AT + "1 bytes behind the last storage",
                        parts -> parts.put("x", new byte[1])));
    }

    private static List<HostileCase> kinds() {
        byte[] tar = new byte[1024];
        System.arraycopy("ustar".getBytes(StandardCharsets.US_ASCII), 0, tar, 257, 5);
        return List.of(
                kind("row-69-tar", "a tar archive, as torch wrote before", tar),
                kind("row-70-7z", "a 7z archive; unpack it first", new byte[] {
                    '7', 'z', (byte) 0xBC, (byte) 0xAF, 0x27, 0x1C, 0, 4
                }),
                kind("row-70-gzip", "a gzip archive", new byte[] {0x1F, (byte) 0x8B, 8, 0}),
                kind(
                        "row-70-gguf",
                        "a GGUF file",
                        "GGUF\3\0\0\0\0\0\0\0\0\0\0\0".getBytes(StandardCharsets.ISO_8859_1)),
                kind("row-70-hdf5", "an HDF5 file", "\u0089HDF\r\n\u001a\n".getBytes(StandardCharsets.ISO_8859_1)),
                kind(
                        "row-70-lfs-pointer",
                        "a Git LFS pointer.*git lfs pull",
                        "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
                                .getBytes(StandardCharsets.US_ASCII)),
                kind(
                        "row-70-web-page",
                        "a web page, not the weights",
                        "<!DOCTYPE html><html>".getBytes(StandardCharsets.US_ASCII)),
                kind("row-70-empty", "neither a PyTorch file", new byte[0]),
                kind("row-70-zeros", "neither a PyTorch file", new byte[4096]),
                kind(
                        "row-70-pickle-of-protocol-0",
                        "neither a PyTorch file",
                        "(dp0\n.".getBytes(StandardCharsets.US_ASCII)));
    }

    private static List<HostileCase> accepted() {
        return List.of(
                accept("torch-legacy", f -> new TorchModel().writeLegacy(f, p -> p)),
                accept(
                        "torch-zip-of-other-programs",
                        f -> new TorchModel().write(f, z -> z.each(ZipBytes.Entry::plain))),
                accept(
                        "torch-zip-of-2.x",
                        f -> new TorchModel().write(f, z -> {
                            text(z, "byteorder", "little");
                            text(z, ".data/serialization_id", "0123456789");
                            text(z, ".format_version", "1");
                            text(z, ".storage_alignment", "64");
                            z.zip64 = true;
                            z.each(e -> e.localExtra = extra('F' | 'B' << 8, 0x5a5a5a5a5a5a5a5aL));
                        })),
                accept(
                        "row-62-zip64-that-tells-the-truth",
                        f -> new TorchModel().write(f, z -> {
                            z.zip64 = true;
                            z.each(e -> e.wideDescriptor = true);
                            ZipBytes.Entry e = z.entry(STORAGE);
                            e.plain();
                            e.centralExtra = extra(1, e.data.length, e.data.length);
                            e.localExtra = e.centralExtra;
                            e.size = 0xFFFF_FFFFL;
                        })),
                accept("row-63-byteorder-big", f -> new TorchModel().write(f, z -> big(z, ""))),
                accept("row-63-byteorder-big-f16", f -> {
                    TorchModel t = new TorchModel();
                    byte[] half = halves(t.floats(GATE));
                    return t.storage(t.key(GATE), half)
                            .value(
                                    GATE,
                                    p -> p.tensor("HalfStorage", t.key(GATE), 30, new long[] {5, 6}, new long[] {6, 1}))
                            .write(f, z -> big(z, t.key(GATE)));
                }),
                accept("row-63-byteorder-big-transposed", f -> {
                    TorchModel t = new TorchModel();
                    return t.storage(t.key(GATE), TorchCases.transposed(t))
                            .value(
                                    GATE,
                                    p -> p.tensor(
                                            "FloatStorage", t.key(GATE), 30, new long[] {5, 6}, new long[] {1, 5}))
                            .write(f, z -> big(z, ""));
                }),
                accept("row-70-safetensors-named-bin", f -> new TorchModel().write(f, new TinyModel().weightsFile())),
                accept(
                        "row-70-zip-named-safetensors",
                        f -> new TorchModel()
                                .write(
                                        f,
                                        "model.safetensors",
                                        new TorchModel().zip().bytes())),
                accept("row-70-header-length-like-a-pickle", f -> {
                    // The length 0x0280 or 0x0580 begins like a pickle.
                    TinyModel model = new TinyModel();
                    int n = TinyModel.headerJson(model.tensors()).length();
                    int padded = (n & ~0xFFF) + 0x1280;
                    return new TorchModel()
                            .write(
                                    f,
                                    model.header(h -> h + " ".repeat(padded - n))
                                            .weightsFile());
                }));
    }

    /** All storages as a big-endian machine writes them; that of one key has two bytes per value, the others four. */
    private static void big(ZipBytes zip, String halves) {
        text(zip, "byteorder", "big");
        for (ZipBytes.Entry e : zip.entries) {
            if (e.name.startsWith(TOP + "data/")) {
                e.replace(reversed(e.data, e.name.equals(TOP + "data/" + halves) ? 2 : 4));
            }
        }
    }

    private static byte[] reversed(byte[] values, int width) {
        byte[] out = values.clone();
        for (int i = 0; i < out.length; i++) {
            out[i] = values[i / width * width + width - 1 - i % width];
        }
        return out;
    }

    private static byte[] halves(float[] values) {
        ByteBuffer out = ByteBuffer.allocate(2 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float v : values) {
            out.putShort(Float.floatToFloat16(v));
        }
        return out.array();
    }

    /** An extra field of 64-bit values. */
    static byte[] extra(int id, long... values) {
        byte[] out = concat(Pickle.little(id, 2), Pickle.little(8L * values.length, 2));
        for (long v : values) {
            out = concat(out, Pickle.little(v, 8));
        }
        return out;
    }

    static byte[] concat(byte[] a, byte[] b) {
        byte[] out = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, out, a.length, b.length);
        return out;
    }

    private static void text(ZipBytes zip, String name, String content) {
        zip.add(TOP + name, content.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static void set(ZipBytes.Entry entry, String content) {
        set(entry, content.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Other data with the size and CRC that belong to them. */
    private static void set(ZipBytes.Entry entry, byte[] content) {
        ZipBytes.Entry right = new ZipBytes.Entry(entry.name, content);
        entry.data = content;
        entry.crc = right.crc;
        entry.size = right.size;
        entry.descriptorSize = right.size;
    }

    static HostileCase zip(String name, String message, Consumer<ZipBytes> edit) {
        return bad(name, message, f -> new TorchModel().write(f, edit));
    }

    static HostileCase edit(String name, String entry, String message, Consumer<ZipBytes.Entry> edit) {
        return zip(name, message, z -> edit.accept(z.entry(entry)));
    }

    private static HostileCase legacy(String name, String message, Consumer<SequencedMap<String, byte[]>> edit) {
        return bad(
                name,
                message,
                f -> new TorchModel().writeLegacy(f, parts -> {
                    edit.accept(parts);
                    return parts;
                }));
    }

    private static HostileCase part(String name, String part, String message, Consumer<byte[]> edit) {
        return legacy(name, message, parts -> edit.accept(java.util.Objects.requireNonNull(parts.get(part))));
    }

    private static HostileCase replace(String name, String part, String message, byte[] bytes) {
        return legacy(name, message, parts -> parts.put(part, bytes));
    }

    private static HostileCase kind(String name, String message, byte[] file) {
        return bad(name, message, f -> new TorchModel().write(f, FILE, file));
    }
}
