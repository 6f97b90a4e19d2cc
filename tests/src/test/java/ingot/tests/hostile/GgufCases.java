package ingot.tests.hostile;

import static ingot.tests.gguf.GgufWriter.concat;
import static ingot.tests.gguf.GgufWriter.le32;
import static ingot.tests.gguf.GgufWriter.le64;
import static ingot.tests.gguf.GgufWriter.string;
import static ingot.tests.hostile.HostileCase.bad;

import ingot.tests.gguf.GgufWriter;
import ingot.tests.gguf.Tiny;
import ingot.tests.hostile.HostileCase.Accepted;
import ingot.tests.hostile.HostileCase.Maker;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** Rows 71 to 90: GGUF files with one thing wrong, and odd ones that are right. What makes no model is in {@link GgufModelCases}. */
final class GgufCases {
    private static final String GATE = "blk.0.ffn_gate.weight";
    private static final String IN_GATE = "x\\.gguf: tensor 'blk\\.0\\.ffn_gate\\.weight' @\\d+: ";

    private GgufCases() {}

    static List<HostileCase> all() {
        return Stream.of(head(), metadata(), tensors(), places(), GgufModelCases.all(), fine())
                .flatMap(List::stream)
                .toList();
    }

    /** The tiny model, edited. */
    static Maker with(Consumer<GgufWriter> edit) {
        return folder -> {
            GgufWriter out = Tiny.model();
            edit.accept(out);
            return out.write(folder.resolve("x.gguf"));
        };
    }

    private static Maker bytes(UnaryOperator<byte[]> edit) {
        return folder ->
                Files.write(folder.resolve("x.gguf"), edit.apply(Tiny.model().build()));
    }

    private static UnaryOperator<byte[]> put(int at, byte... bytes) {
        return file -> {
            System.arraycopy(bytes, 0, file, at, bytes.length);
            return file;
        };
    }

    private static List<HostileCase> head() {
        return List.of(
                bad("row-71-magic", "x\\.gguf: @0: no GGUF file", bytes(put(3, (byte) 'X'))),
                bad("row-71-nothing", "x\\.gguf: @0: no GGUF file", bytes(b -> new byte[0])),
                bad("row-71-magic-alone", "@4: the file ends here, inside its header", bytes(b -> Arrays.copyOf(b, 4))),
                bad("row-72-version-0", "@4: GGUF version 0; expected 2 or 3", with(w -> w.version(0))),
                bad("row-72-version-1", "@4: GGUF version 1; expected 2 or 3", with(w -> w.version(1))),
                bad("row-72-version-4", "@4: GGUF version 4; expected 2 or 3", with(w -> w.version(4))),
                bad("row-73-big-endian", "@4: a big-endian GGUF file", with(w -> w.version(3 << 24))),
                bad("row-74-tensors-minus-1", "18446744073709551615 tensors; at most", bytes(put(8, le64(-1)))),
                bad(
                        "row-74-pairs-2-63",
                        "9223372036854775808 metadata pairs; at most",
                        with(w -> w.countPairs(Long.MIN_VALUE))),
                bad(
                        "row-73-big-endian-throughout",
                        "@4: a big-endian GGUF file",
                        f -> Files.write(f.resolve("x.gguf"), GgufWriter.bigEndian())),
                bad("row-74-tensors-2-63", "9223372036854775808 tensors; at most", bytes(put(8, le64(Long.MIN_VALUE)))),
                bad("row-74-pairs-minus-1", "18446744073709551615 metadata pairs; at most", bytes(put(16, le64(-1)))),
                bad("row-74-tensors-beyond-file", "60000 tensors do not fit the", with(w -> w.countTensors(60_000))),
                bad("row-74-one-tensor-more", "tensor name: a string of|tensor name: ", with(w -> w.countTensors(16))));
    }

    private static List<HostileCase> metadata() {
        byte[] inner = concat(le32(9), le64(1), le32(0), le64(1), new byte[1]);
        return List.of(
                bad(
                        "row-75-empty-key",
                        "metadata key: a string of 0 bytes; expected 1 to 65535",
                        with(w -> w.pair("", 4, le32(1)))),
                bad(
                        "row-75-key-not-utf8",
                        "@\\d+: metadata key: not valid UTF-8",
                        with(w -> w.pair(concat(string(new byte[] {(byte) 0xC3}), le32(4), le32(1))))),
                bad(
                        "row-76-key-2-64",
                        "metadata key: a string of 18446744073709551615 bytes; expected 1 to 65535",
                        with(w -> w.pair(concat(le64(-1), le32(4), le32(1))))),
                bad(
                        "row-76-key-beyond-file",
                        "metadata key: a string of 60000 bytes, but \\d+ are left",
                        with(w -> w.pair(concat(le64(60_000), le32(4), le32(1))))),
                bad(
                        "row-76-tensor-name-2-64",
                        "tensor name: a string of 18446744073709551615 bytes; expected 1 to 128",
                        bytes(b -> edit(b, GATE, -8 - GATE.length(), le64(-1)))),
                bad("row-76-tensor-name-beyond-file", "tensor name: a string of 128 bytes, but \\d+ are left", f -> {
                    byte[] head = new GgufWriter()
                            .text("general.architecture", "qwen2")
                            .countTensors(1)
                            .header();
                    return Files.write(f.resolve("x.gguf"), concat(head, le64(128), new byte[100]));
                }),
                bad(
                        "row-76-string-2-64",
                        "a string of 18446744073709551615 bytes; expected 0 to",
                        with(w -> w.pair("k", 8, le64(-1)))),
                bad(
                        "row-76-string-beyond-file",
                        "'k': a string of 1000000 bytes, but \\d+ are left",
                        with(w -> w.pair("k", 8, le64(1_000_000)))),
                bad("row-77-nested-array", "'k': an array of arrays", with(w -> w.pair("k", 9, inner))),
                bad(
                        "row-77-array-of-2-61",
                        "2305843009213693952 elements of metadata key 'k'; at most",
                        with(w -> w.pair("k", 9, concat(le32(10), le64(1L << 61))))),
                bad(
                        "row-77-array-beyond-file",
                        "1000000 elements of metadata key 'k' do not fit",
                        with(w -> w.pair("k", 9, concat(le32(0), le64(1_000_000))))),
                bad("row-77-unknown-value-type", "'k' has the unknown type 13", with(w -> w.pair("k", 13, le64(0)))),
                bad("row-77-flag-2", "'k': 2 is no truth value", with(w -> w.pair("k", 7, new byte[] {2}))),
                bad(
                        "row-78-key-twice",
                        "@\\d+: metadata key 'qwen2.block_count' is there twice",
                        with(w -> w.u32("qwen2.block_count", 1))),
                bad(
                        "row-79-alignment-0",
                        "@\\d+: metadata key 'general.alignment': 0; expected a power of two",
                        with(w -> w.u32("general.alignment", 0))),
                bad(
                        "row-79-alignment-3",
                        "@\\d+: metadata key 'general.alignment': 3; expected a power of two",
                        with(w -> w.u32("general.alignment", 3))),
                bad(
                        "row-79-alignment-2-31",
                        "@\\d+: metadata key 'general.alignment': 2147483648; expected",
                        with(w -> w.u32("general.alignment", 1 << 31))),
                bad(
                        "row-79-alignment-text",
                        "@\\d+: metadata key 'general.alignment': '32'; expected a 32-bit unsigned integer",
                        with(w -> w.text("general.alignment", "32"))));
    }

    private static List<HostileCase> tensors() {
        return List.of(
                bad(
                        "row-78-tensor-twice",
                        IN_GATE + "is there twice",
                        with(w -> w.tensor(GATE, 0, new byte[120], 6, 5))),
                bad(
                        "row-78-long-name",
                        "tensor name: a string of 129 bytes; expected 1 to 128",
                        with(w -> w.tensor("a".repeat(129), 0, new byte[4], 1))),
                bad(
                        "row-78-too-many-experts",
                        "shape \\[4097, 1, 1\\]; expected \\[experts, outputs, inputs\\] with at most 4096",
                        with(w -> w.tensor("blk.0.ffn_up_exps.weight", 0, new byte[4 * 4097], 1, 1, 4097))),
                bad("row-78-too-many-layers-of-experts", "more than 131072 tensors, experts counted singly", with(w -> {
                    for (int i = 0; i < 33; i++) {
                        w.tensor("blk." + i + ".ffn_up_exps.weight", 0, new byte[4 * 4096], 1, 1, 4096);
                    }
                })),
                bad(
                        "row-80-five-dimensions",
                        "tensor 'five' @\\d+: 5 dimensions; at most 4",
                        with(w -> w.tensor("five", 0, new byte[4], 1, 1, 1, 1, 1))),
                bad(
                        "row-80-dimensions-2-32",
                        IN_GATE + "4294967295 dimensions",
                        bytes(b -> edit(b, GATE, 0, le32(-1)))),
                bad(
                        "row-81-zero-dimension",
                        IN_GATE + "dimension 0; expected",
                        with(w -> w.replace(GATE, 0, new byte[120], 6, 0))),
                bad(
                        "row-81-negative-dimension",
                        IN_GATE + "dimension 18446744073709551615; expected",
                        with(w -> w.replace(GATE, 0, new byte[120], -1, 5))),
                bad(
                        "row-82-size-overflow",
                        IN_GATE + "its size overflows",
                        with(w -> w.replace(GATE, 0, new byte[120], 1L << 32, 1L << 32))),
                bad(
                        "row-82-bytes-overflow",
                        IN_GATE + "its size overflows",
                        with(w -> w.replace(GATE, 0, new byte[120], 1L << 61, 1))),
                bad(
                        "row-83-padding-overflow",
                        IN_GATE + "\\d+ bytes at offset 0?\\d+ end behind the end of the file",
                        with(w -> w.replace(GATE, 0, new byte[120], (1L << 61) - 1, 1))),
                bad(
                        "row-86-type-minus-1",
                        IN_GATE + "type 4294967295 \\(unknown\\) is not supported",
                        with(w -> w.replace(GATE, -1, new byte[120], 6, 5))),
                bad(
                        "row-86-type-unknown",
                        IN_GATE + "type 99 \\(unknown\\) is not supported; expected F32, F16",
                        with(w -> w.replace(GATE, 99, new byte[120], 6, 5))),
                bad(
                        "row-86-type-not-read",
                        IN_GATE + "type 16 \\(IQ2_XXS\\) is not supported",
                        with(w -> w.replace(GATE, 16, new byte[120], 6, 5))),
                bad(
                        "row-86-no-whole-blocks",
                        IN_GATE + "rows of 6 weights are no whole blocks of 32 \\(Q8_0\\)",
                        with(w -> w.replace(GATE, 8, new byte[120], 6, 5))),
                bad(
                        "row-86-name-with-escape",
                        "tensor 'a\\\\u001b\\[31m' @\\d+: type 99",
                        with(w -> w.tensor("a\u001b[31m", 99, new byte[32], 8))));
    }

    /** Replaces bytes behind the name of a tensor's entry, {@code at} bytes on. */
    private static byte[] edit(byte[] file, String name, int at, byte... bytes) {
        byte[] key = string(name);
        for (int i = 0; i + key.length < file.length; i++) {
            if (Arrays.equals(file, i, i + key.length, key, 0, key.length)) {
                return put(i + key.length + at, bytes).apply(file);
            }
        }
        throw new IllegalArgumentException(name);
    }

    private static List<HostileCase> places() {
        // Behind the name: rank, two dimensions, type.
        int offset = 4 + 16 + 4;
        return List.of(
                bad(
                        "row-84-misaligned",
                        IN_GATE + "offset 17 is no multiple of the alignment 32",
                        bytes(b -> edit(b, GATE, offset, le64(17)))),
                bad(
                        "row-84-negative",
                        IN_GATE + "offset 18446744073709551584 is no multiple",
                        bytes(b -> edit(b, GATE, offset, le64(-32)))),
                bad(
                        "row-84-overlap",
                        "tensor '[a-z0-9._]+' @\\d+: offset \\d+ overlaps the tensor before it",
                        bytes(b -> edit(b, GATE, offset, le64(32)))),
                bad(
                        "row-84-hole",
                        "tensor 'output\\.weight2' @\\d+: offset \\d+ leaves a hole",
                        with(w -> w.tensorAt("output.weight2", 0, new byte[4], 8192, 1))),
                bad(
                        "row-85-one-byte-short",
                        "tensor 'last' @\\d+: 32 bytes at offset \\d+ end behind the end of the file",
                        f -> {
                            byte[] all = Tiny.model()
                                    .tensor("last", 0, new byte[32], 8)
                                    .build();
                            return Files.write(f.resolve("x.gguf"), Arrays.copyOf(all, all.length - 1));
                        }),
                bad(
                        "row-85-far-away",
                        IN_GATE + "120 bytes at offset 9223372036854775776 end behind",
                        bytes(b -> edit(b, GATE, offset, le64(Long.MAX_VALUE - 31)))),
                bad(
                        "row-85-bytes-behind",
                        "@\\d+: 64 bytes behind the last tensor",
                        bytes(b -> Arrays.copyOf(b, b.length + 64))));
    }

    private static List<HostileCase> fine() {
        return List.of(
                accepted("row-71-other-name", f -> Tiny.model().write(f.resolve("model.bin"))),
                accepted("row-72-version-2", with(w -> w.version(2))),
                accepted("row-78-unknown-general-key", with(w -> w.text("general.anything", "\u001b[31m"))),
                accepted(
                        "row-78-general-name-that-moves-the-cursor",
                        with(w -> w.text("general.name", "\u009b2J\u202eevil").text("\u009b2J\u202e", "x"))),
                accepted("row-85-no-padding-at-the-end", bytes(b -> Arrays.copyOf(b, b.length - 24))));
    }

    private static HostileCase accepted(String name, Maker maker) {
        return new HostileCase(name, "f32", maker, new Accepted(Tiny.values(), 0, ""));
    }
}
