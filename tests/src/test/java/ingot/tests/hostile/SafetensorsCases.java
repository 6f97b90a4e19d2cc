package ingot.tests.hostile;

import static ingot.tests.hostile.HostileCase.accept;
import static ingot.tests.hostile.HostileCase.bad;
import static ingot.tests.hostile.TinyModel.EMBED;
import static ingot.tests.hostile.TinyModel.NORM;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** Rows 1 to 30: one safetensors file, wrong in one respect; in {@link TensorEntryCases} in what it says of a tensor. */
final class SafetensorsCases {
    static final String FILE = "model\\.safetensors: ";
    static final String EMBED_ENTRY = "\"" + EMBED + "\":{\"dtype\":\"F32\",\"shape\":[7,6],\"data_offsets\":[0,168]}";
    static final String NORM_ENTRY = "\"" + NORM + "\":{\"dtype\":\"F32\",\"shape\":[6],\"data_offsets\":[168,192]}";
    static final String IN_EMBED = FILE + "tensor '" + EMBED + "' @\\d+";

    private SafetensorsCases() {}

    static List<HostileCase> all() {
        return Stream.of(length(), json(), duplicates(), metadata(), TensorEntryCases.all())
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

    private static HostileCase raw(String name, String message, byte[] file) {
        return bad(name, message, f -> new TinyModel().write(f, file));
    }

    /** A file whose header is edited. */
    static HostileCase header(String name, String message, UnaryOperator<String> edit) {
        return bad(name, message, f -> new TinyModel().header(edit).write(f));
    }

    /** As {@link #header}, and nothing is wrong. */
    static HostileCase good(String name, UnaryOperator<String> edit) {
        return accept(name, f -> new TinyModel().header(edit).write(f));
    }

    private static UnaryOperator<String> meta(String json) {
        return h -> "{\"__metadata__\":" + json + "," + h.substring(1);
    }

    private static byte[] latin1(String header) {
        byte[] json = header.getBytes(ISO_8859_1);
        return TinyModel.file(json.length, json, new byte[0]);
    }
}
