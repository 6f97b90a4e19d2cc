package ingot.tests.hostile;

import static ingot.tests.hostile.HostileCase.bad;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntFunction;

/** Row 28: headers as long as is allowed, of many small things or of one large one. */
final class HeaderBombCases {
    private static final String FILE = "model\\.safetensors: ";
    private static final int BYTES = 99_000_000;

    private HeaderBombCases() {}

    static List<HostileCase> all() {
        return List.of(
                bad(
                        "row-28-header-of-99-MB",
                        FILE + "@\\d+: more than \\d+ tensors",
                        f -> longHeader(f, i -> tensor(i, 1), "")),
                bad(
                        "row-28-names-of-99-MB",
                        FILE + "@\\d+: names and metadata of more than 16777216 characters",
                        f -> longHeader(f, i -> tensor(i, 400), "")),
                bad(
                        "row-28-metadata-of-99-MB",
                        FILE + "@\\d+: __metadata__ has more than 10000 keys",
                        f -> longHeader(f, i -> "\"k" + i + "\":\"" + "x".repeat(82) + "\"", "\"__metadata__\":{")),
                bad(
                        "row-28-metadata-of-1-MB-each",
                        FILE + "@\\d+: names and metadata of more than 16777216 characters",
                        f -> longHeader(
                                f, i -> "\"k" + i + "\":\"" + "x".repeat(1_000_000) + "\"", "\"__metadata__\":{")),
                bad(
                        "row-28-one-string-of-99-MB",
                        FILE + "@\\d+: a string of 98\\d{6} bytes; at most 1048576",
                        f -> oneString(f, "{\"__metadata__\":{\"a\":\"", "\"}}")),
                bad(
                        "row-28-string-without-an-end",
                        FILE + "@\\d+: a string of 98\\d{6} bytes; at most 1048576",
                        f -> oneString(f, "{\"__metadata__\":{\"a\":\"", "")),
                bad(
                        "row-28-dtype-of-99-MB",
                        FILE + "@\\d+: a string of 98\\d{6} bytes; at most 1048576",
                        f -> oneString(f, "{\"a\":{\"dtype\":\"", "\",\"shape\":[0],\"data_offsets\":[0,0]}}")),
                bad(
                        "row-28-manifest-of-99-MB",
                        FILE + "@\\d+: a string of 98\\d{6} bytes; at most 67108864",
                        f -> oneString(f, "{\"__metadata__\":{\"ingot.manifest\":\"", "\"}}")));
    }

    /** Nothing is wrong about an empty tensor but how many there are. */
    private static String tensor(int i, int length) {
        return "\"t" + i + "x".repeat(length) + "\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0],\"pad\":\""
                + "x".repeat(30) + "\"}";
    }

    private static Path oneString(Path folder, String open, String close) throws IOException {
        try (OutputStream out = start(folder)) {
            out.write(open.getBytes(UTF_8));
            byte[] piece = "x".repeat(1_000_000).getBytes(UTF_8);
            int left = BYTES - open.length() - close.length();
            for (; left > piece.length; left -= piece.length) {
                out.write(piece);
            }
            out.write(piece, 0, left);
            out.write(close.getBytes(UTF_8));
        }
        return folder;
    }

    private static Path longHeader(Path folder, IntFunction<String> entry, String open) throws IOException {
        try (OutputStream out = start(folder)) {
            byte[] start = ("{" + open + entry.apply(0)).getBytes(UTF_8);
            byte[] end = (open.isEmpty() ? "}" : "}}").getBytes(UTF_8);
            out.write(start);
            int left = BYTES - start.length - end.length;
            for (int i = 1; ; i++) {
                byte[] next = ("," + entry.apply(i)).getBytes(UTF_8);
                if (next.length > left) {
                    break;
                }
                out.write(next);
                left -= next.length;
            }
            out.write(" ".repeat(left).getBytes(UTF_8));
            out.write(end);
        }
        return folder;
    }

    /** The file with its first eight bytes, beside a right configuration. */
    private static OutputStream start(Path folder) throws IOException {
        new TinyModel().writeConfig(folder);
        OutputStream out =
                new BufferedOutputStream(Files.newOutputStream(folder.resolve("model.safetensors")), 1 << 20);
        out.write(ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(BYTES)
                .array());
        return out;
    }
}
