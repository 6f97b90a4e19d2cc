package ingot.tests.hostile;

import static ingot.tests.hostile.HostileCase.accept;
import static ingot.tests.hostile.HostileCase.bad;
import static ingot.tests.hostile.TinyModel.EMBED;
import static ingot.tests.hostile.TinyModel.NORM;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.nio.charset.StandardCharsets;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** Rows 1 to 30: one safetensors file, wrong in one respect. */
final class SafetensorsCases {
    private static final String FILE = "model\\.safetensors: ";
    private static final String EMBED_ENTRY =
            "\"" + EMBED + "\":{\"dtype\":\"F32\",\"shape\":[7,6],\"data_offsets\":[0,168]}";
    private static final String NORM_ENTRY =
            "\"" + NORM + "\":{\"dtype\":\"F32\",\"shape\":[6],\"data_offsets\":[168,192]}";
    private static final String IN_EMBED = FILE + "tensor '" + EMBED + "' @\\d+";

    private SafetensorsCases() {}

    static List<HostileCase> all() {
        return Stream.of(length(), json(), duplicates(), metadata(), numbers(), layout(), sizes(), types(), names())
                .flatMap(List::stream)
                .toList();
    }

    private static List<HostileCase> length() {
        byte[] head = new byte[] {'{', '}'};
        byte[] none = new byte[0];
        return List.of(
                raw("row-01-file-of-0-bytes", FILE + "0 bytes; a safetensors file begins with 8", none),
                raw("row-01-file-of-7-bytes", FILE + "7 bytes; a safetensors file begins with 8", new byte[7]),
                raw(
                        "row-02-length-2^64-1",
                        FILE + "@0: header length 18446744073709551615",
                        TinyModel.file(-1, head, none)),
                raw(
                        "row-02-length-2^63",
                        FILE + "@0: header length 9223372036854775808",
                        TinyModel.file(Long.MIN_VALUE, head, none)),
                raw(
                        "row-03-length-100000001",
                        FILE + "@0: header length 100000001; at most 100000000",
                        TinyModel.file(100_000_001, head, none)),
                raw(
                        "row-04-length-past-end-of-file",
                        FILE + "@0: header length 3 reaches past the end of the file \\(10",
                        TinyModel.file(3, head, none)),
                raw("row-05-length-0", FILE + "@\\d+: the header is not a JSON object", TinyModel.file(0, none, none)));
    }

    private static List<HostileCase> json() {
        byte[] data = new byte[0];
        return List.of(
                // {"\xff": the bad byte is the third of the header, the eleventh of the file.
                raw("row-06-invalid-utf8", FILE + "@10: JSON is not valid UTF-8", latin1("{\"\u00ff\":0}")),
                raw("row-06-overlong-utf8", FILE + "@10: JSON is not valid UTF-8", latin1("{\"\u00c0\u0080\":0}")),
                raw(
                        "row-06-surrogate-in-utf8",
                        FILE + "@10: JSON is not valid UTF-8",
                        latin1("{\"\u00ed\u00a0\u0080\":0}")),
                raw(
                        "row-06-utf16",
                        FILE + "@\\d+: malformed JSON",
                        TinyModel.file(14, "{\"\u0122\":0}".getBytes(StandardCharsets.UTF_16LE), data)),
                header("row-07-byte-order-mark", FILE + "byte-order mark", h -> "\ufeff" + h),
                raw(
                        "row-08-root-is-an-array",
                        FILE + "@\\d+: the header is not a JSON object",
                        TinyModel.file("[]", data)),
                raw(
                        "row-08-root-is-a-number",
                        FILE + "@\\d+: the header is not a JSON object",
                        TinyModel.file("12345", data)),
                header("row-08-truncated-json", FILE + "@\\d+: malformed JSON", h -> h.substring(0, h.length() - 9)),
                header("row-08-two-objects", FILE + "@\\d+: bytes after the header's JSON object", h -> h + "{}"),
                // A comma too many behind a name of two bytes a letter: bytes are counted, not letters.
                raw(
                        "row-08-comma-behind-wide-name",
                        FILE + "@\\d+: malformed JSON",
                        TinyModel.file("{\"__metadata__\":{\"\u00e4\u00f6\u00fc\u6c34\":\"a\"},,}", data)),
                header("row-08-comment", FILE + "@\\d+: malformed JSON", h -> "/**/" + h),
                header(
                        "row-08-trailing-comma",
                        FILE + "@\\d+: malformed JSON",
                        h -> h.substring(0, h.length() - 1) + ",}"),
                good("row-09-leading-white-space", h -> " \t\r\n" + h),
                good("row-09-trailing-white-space", h -> h + " \t\r\n"),
                header("row-10-nul-padding", FILE + "@\\d+: malformed JSON", h -> h + "\0\0\0"),
                header(
                        "row-27-extra-field-nested-10000-deep",
                        IN_EMBED + ": unknown field 'x' holds an object or array",
                        h -> TinyModel.swap(
                                h, "{\"dtype\"", "{\"x\":" + "[".repeat(10_000) + "]".repeat(10_000) + ",\"dtype\"")),
                header(
                        "row-27-extra-field-of-many-keys",
                        IN_EMBED + ": unknown field 'x'",
                        h -> h.replaceFirst("\"dtype\"", "\"x\":{\"a\":1,\"b\":{}},\"dtype\"")),
                good("row-27-extra-field", h -> TinyModel.swap(h, "\"dtype\"", "\"x\":1,\"dtype\"")));
    }

    private static List<HostileCase> duplicates() {
        return List.of(
                header(
                        "row-11-duplicate-name-same-range",
                        FILE + "@\\d+: .*[Dd]uplicate",
                        h -> h.replace("}}", "}," + EMBED_ENTRY + "}")),
                header(
                        "row-12-duplicate-name-other-range",
                        FILE + "@\\d+: .*[Dd]uplicate",
                        h -> h.replace("}}", "}," + NORM_ENTRY.replace(NORM, EMBED) + "}")),
                header(
                        "row-12-duplicate-name-by-escape",
                        FILE + "@\\d+: .*[Dd]uplicate",
                        h -> h.replace("}}", "}," + EMBED_ENTRY.replace("model.", "\\u006dodel.") + "}")),
                header(
                        "row-13-duplicate-shape",
                        FILE + "@\\d+: .*[Dd]uplicate",
                        h -> TinyModel.swap(h, "\"shape\":[7,6]", "\"shape\":[7,6],\"shape\":[7,6]")),
                header(
                        "row-13-duplicate-metadata",
                        FILE + "@\\d+: .*[Dd]uplicate",
                        h -> "{\"__metadata__\":{},\"__metadata__\":{}," + h.substring(1)));
    }

    private static List<HostileCase> metadata() {
        return List.of(
                header(
                        "row-14-metadata-value-1",
                        FILE + "@\\d+: __metadata__ key 'a' is not a string",
                        meta("{\"a\":1}")),
                header(
                        "row-14-metadata-value-object",
                        FILE + "@\\d+: __metadata__ key 'a' is not a string",
                        meta("{\"a\":{}}")),
                header("row-14-metadata-is-a-list", FILE + "@\\d+: __metadata__ is not an object", meta("[]")),
                header(
                        "row-14-metadata-is-a-tensor",
                        FILE + "@\\d+: __metadata__ key 'shape' is not a string",
                        meta("{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}")),
                good("row-14-metadata-empty", meta("{}")),
                // The file is named, not its folder: inspect shows the metadata of a file only.
                accept(
                        "row-14-metadata-that-moves-the-cursor",
                        f -> new TinyModel()
                                .header(meta("{\"\\u009b2J\":\"\\u202eevil\\u2066\\u200b\"}"))
                                .write(f)
                                .resolve("model.safetensors")),
                good("row-14-metadata-unknown-strings", meta("{\"format\":\"pt\",\"\\u001b[31m\":\"\\u0000\"}")));
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
                        f -> new TinyModel().data(SafetensorsCases::withZipEnd).write(f)),
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

    private static HostileCase raw(String name, String message, byte[] file) {
        return bad(name, message, f -> new TinyModel().write(f, file));
    }

    private static HostileCase header(String name, String message, UnaryOperator<String> edit) {
        return bad(name, message, f -> new TinyModel().header(edit).write(f));
    }

    private static HostileCase good(String name, UnaryOperator<String> edit) {
        return accept(name, f -> new TinyModel().header(edit).write(f));
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

    private static UnaryOperator<String> meta(String json) {
        return h -> "{\"__metadata__\":" + json + "," + h.substring(1);
    }

    private static byte[] latin1(String header) {
        byte[] json = header.getBytes(ISO_8859_1);
        return TinyModel.file(json.length, json, new byte[0]);
    }

    private static byte[] withZipEnd(byte[] data) {
        return ByteBuffer.allocate(data.length + 22)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(data)
                .putInt(0x06054b50)
                .array();
    }
}
