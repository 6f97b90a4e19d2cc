package ingot.tests.hostile;

import static ingot.tests.hostile.HostileCase.accept;
import static ingot.tests.hostile.HostileCase.bad;
import static ingot.tests.hostile.SafetensorsCases.EMBED_ENTRY;
import static ingot.tests.hostile.SafetensorsCases.FILE;
import static ingot.tests.hostile.SafetensorsCases.IN_EMBED;
import static ingot.tests.hostile.SafetensorsCases.NORM_ENTRY;
import static ingot.tests.hostile.SafetensorsCases.good;
import static ingot.tests.hostile.SafetensorsCases.header;
import static ingot.tests.hostile.TinyModel.EMBED;
import static ingot.tests.hostile.TinyModel.NORM;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Rows 15 to 30: what the header of a safetensors file says of a tensor. */
final class TensorEntryCases {
    private TensorEntryCases() {}

    static List<HostileCase> all() {
        return Stream.of(numbers(), layout(), sizes(), types(), names())
                .flatMap(List::stream)
                .toList();
    }

    private static List<HostileCase> numbers() {
        return List.of(
                offsets("row-15-offset-negative", "data_offsets holds '-1'", "-1,167"),
                offsets("row-15-offsets-reversed", ".*begin <= end", "168,0"),
                offsets("row-15-three-offsets", "data_offsets has more than 2", "0,84,168"),
                offsets("row-15-one-offset", "data_offsets are not \\[begin, end\\]", "168"),
                offsets("row-15-offset-string", "data_offsets holds '168'", "0,\"168\""),
                offsets("row-15-offset-2^63", "data_offsets holds '9223372036854775808'", "0,9223372036854775808"),
                offsets("row-15-offset-2^63-1", "data ends at byte 9223372036854775807 of", "0,9223372036854775807"),
                shape("row-16-float-in-shape", "shape holds '7.0'", "[7.0,6]"),
                shape("row-16-exponent-in-shape", "shape holds '7e0'", "[7e0,6]"),
                shape("row-16-true-in-shape", "shape holds 'true'", "[true,6]"),
                shape("row-16-list-in-shape", "shape holds '\\['", "[[7],6]"),
                shape("row-16-shape-null", "shape is not an array", "null"),
                shape("row-17-dimension-2^63", "shape holds '9223372036854775808'", "[9223372036854775808,6]"),
                shape("row-17-dimension-of-90-digits", "shape holds '9{79}…'", "[" + "9".repeat(90) + "]"),
                shape("row-17-dimension-negative", "shape holds '-7'", "[-7,-6]"),
                shape("row-17-rank-17", "shape has more than 16", "[7,6" + ",1".repeat(15) + "]"));
    }

    private static List<HostileCase> layout() {
        return List.of(
                header(
                        "row-18-overlap",
                        FILE + "tensor '" + NORM + "' @\\d+: overlap",
                        h -> TinyModel.swap(h, "[168,192]", "[164,188]")),
                header(
                        "row-18-empty-tensor-inside-another",
                        FILE + "tensor 'e' @\\d+: overlap",
                        h -> "{\"e\"" + TinyModel.entry("F32", "[0]", "4,4") + "," + h.substring(1)),
                header(
                        "row-19-hole",
                        FILE + "tensor 'model.layers.0.input_layernorm.weight' @\\d+: hole",
                        h -> TinyModel.swap(h, NORM_ENTRY + ",", "")),
                header(
                        "row-20-first-offset-not-0",
                        FILE + "tensor '" + NORM + "' @\\d+: hole",
                        h -> TinyModel.swap(h, EMBED_ENTRY + ",", "")),
                bad(
                        "row-21-trailing-bytes",
                        FILE + "@\\d+: 4 bytes after the last tensor",
                        f -> new TinyModel()
                                .data(d -> Arrays.copyOf(d, d.length + 4))
                                .write(f)),
                bad(
                        "row-21-polyglot-zip",
                        FILE + "@\\d+: 22 bytes after the last tensor",
                        f -> new TinyModel().data(TensorEntryCases::withZipEnd).write(f)),
                bad(
                        "row-22-file-2-bytes-short",
                        FILE + "tensor 'lm_head.weight' @\\d+: data ends at byte \\d+ of \\d+",
                        f -> new TinyModel()
                                .data(d -> Arrays.copyOf(d, d.length - 2))
                                .write(f)),
                good(
                        "row-20-header-not-in-offset-order",
                        h -> "{" + NORM_ENTRY + ","
                                + TinyModel.swap(h, NORM_ENTRY + ",", "").substring(1)),
                accept(
                        "row-20-empty-and-scalar-tensors",
                        f -> new TinyModel()
                                .tensor("extra.empty", "F32", "[3,0]", new byte[0])
                                .tensor("extra.scalar", "I64", "[]", new byte[8])
                                .write(f)));
    }

    private static List<HostileCase> sizes() {
        return List.of(
                shape("row-23-product-overflows", ".*overflows 64 bits", "[4294967296,4294967296]"),
                shape("row-23-product-overflows-to-0", ".*overflows 64 bits", "[4611686018427387904,4]"),
                shape("row-23-bits-overflow", ".*overflows 64 bits", "[576460752303423488,2]"),
                shape("row-23-overflow-hidden-by-0", ".*overflows 64 bits", "[4294967296,4294967296,0]"),
                shape("row-24-size-mismatch", "shape needs 196 bytes, data_offsets give 168", "[7,7]"),
                shape("row-24-rank-0-size-mismatch", "shape needs 4 bytes, data_offsets give 168", "[]"),
                bad(
                        "row-25-sub-byte-odd-count",
                        FILE + "tensor 'x' @\\d+: shape × bits is not a whole number of bytes",
                        f -> new TinyModel()
                                .tensor("x", "F4", "[3]", new byte[2])
                                .write(f)),
                accept(
                        "row-25-sub-byte-even-count",
                        f -> new TinyModel()
                                .tensor("x", "F4", "[2,3]", new byte[3])
                                .write(f)));
    }

    private static List<HostileCase> types() {
        return List.of(
                dtype("row-26-unknown-dtype", "unknown dtype 'F31'", "\"F31\""),
                dtype("row-26-lower-case-dtype", "unknown dtype 'f32'", "\"f32\""),
                dtype("row-26-dtype-with-escape", "unknown dtype '\\\\u001b\\[2J'", "\"\\u001b[2J\""),
                dtype("row-26-dtype-number", "dtype is not a string", "32"),
                header(
                        "row-26-dtype-missing",
                        IN_EMBED + ": its entry lacks dtype",
                        h -> h.replaceFirst("\"dtype\":\"F32\",", "")),
                header(
                        "row-26-entry-is-a-list",
                        IN_EMBED + ": its entry is not an object",
                        h -> TinyModel.swap(h, EMBED_ENTRY, "\"" + EMBED + "\":[0,168]")));
    }

    private static List<HostileCase> names() {
        return List.of(
                named("row-29-name-empty", "tensor '' @\\d+: empty tensor name", ""),
                named("row-29-name-with-nul", "tensor 'a\\\\u0000b' @\\d+: control character", "a\\u0000b"),
                named(
                        "row-29-name-with-escape-sequence",
                        "tensor '\\\\u001b\\[2J' @\\d+: control character",
                        "\\u001b[2J"),
                named("row-29-name-with-newline", "tensor 'a\\\\u000ab' @\\d+: control character", "a\\nb"),
                named("row-29-name-with-lone-surrogate", "@\\d+: malformed JSON: Broken surrogate", "a\\ud800"),
                named("row-29-name-of-50-KB", "tensor 'x{79}…' @\\d+: name of 51200 characters", "x".repeat(50 << 10)),
                named("row-29-name-of-300-KB", "malformed JSON: Name length", "x".repeat(300 << 10)),
                accept(
                        "row-30-names-nfc-and-nfd",
                        f -> new TinyModel()
                                .tensor("caf\u00e9", "U8", "[1]", new byte[] {1})
                                .tensor("cafe\u0301", "U8", "[1]", new byte[] {2})
                                .write(f)));
    }

    private static HostileCase offsets(String name, String message, String offsets) {
        return header(name, IN_EMBED + ": " + message, h -> TinyModel.swap(h, "[0,168]", "[" + offsets + "]"));
    }

    private static HostileCase shape(String name, String message, String shape) {
        return header(name, IN_EMBED + ": " + message, h -> h.replaceFirst("\\[7,6\\]", shape));
    }

    private static HostileCase dtype(String name, String message, String dtype) {
        return header(
                name,
                IN_EMBED + ": " + message,
                h -> h.replaceFirst("\"F32\"", java.util.regex.Matcher.quoteReplacement(dtype)));
    }

    private static HostileCase named(String name, String message, String jsonName) {
        return header(
                name,
                FILE + message,
                h -> "{\"" + jsonName + "\"" + TinyModel.entry("U8", "[0]", "0,0") + "," + h.substring(1));
    }

    private static byte[] withZipEnd(byte[] data) {
        return ByteBuffer.allocate(data.length + 22)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(data)
                .putInt(0x06054b50)
                .array();
    }
}
