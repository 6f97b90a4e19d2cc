package ingot.tests.hostile;

import static java.nio.charset.StandardCharsets.UTF_8;

import ingot.formats.ingot.Checksum;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import ingot.tests.signing.Forged;
import ingot.tests.signing.Vectors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Of signatures: a bundle, and the statement inside, which is read only when its signature holds. */
final class BoundSignatures {
    private static final int RESOURCES = 130_000;

    private BoundSignatures() {}

    static List<Bound> all() {
        return List.of(
                new Bound(
                        "signature",
                        "a statement of 130,000 files",
                        512,
                        f -> {
                            String right = new String(FuzzSignatures.rightStatement(f), UTF_8);
                            return sign(
                                    f, statement((ObjectNode) Json.parse(right.getBytes(UTF_8), f, JsonBound.INPUT)));
                        },
                        BoundSignatures::verify,
                        1,
                        ""),
                new Bound(
                        "signature",
                        "a statement of one string",
                        512,
                        f -> sign(f, ("{\"a\":\"" + "x".repeat(47 << 20) + "\"}").getBytes(UTF_8)),
                        BoundSignatures::verify,
                        65,
                        "a string of 49283072 bytes; at most 1048576 are accepted"),
                new Bound(
                        "signature",
                        "a payload with a letter of another script",
                        512,
                        f -> {
                            Path bundle = sign(f, new byte[3]);
                            return Files.writeString(
                                    bundle,
                                    Files.readString(bundle)
                                            .replaceFirst(
                                                    "\"payload\":\\s*\"",
                                                    "\"payload\":\"\u4e00" + "A".repeat((64 << 20) - 4096)));
                        },
                        BoundSignatures::verify,
                        65,
                        "payload.*not Base64"));
    }

    private static List<String> verify(Path bundle, Path unused) {
        return List.of(
                "inspect",
                bundle.resolveSibling("model").toString(),
                "--verify-signature",
                bundle.toString(),
                "--key",
                Vectors.PUBLIC.toString());
    }

    /** As many files as a statement may have, in as many bytes, with the digest that they have together. */
    private static byte[] statement(ObjectNode root) {
        ArrayNode resources = ((ObjectNode) root.path("predicate")).putArray("resources");
        MessageDigest all = Checksum.sha256();
        for (int i = 0; i < RESOURCES; i++) {
            byte[] hash = new byte[32];
            hash[0] = (byte) i;
            all.update(hash);
            resources
                    .addObject()
                    .put("name", "x".repeat(240) + String.format("%06d", i))
                    .put("digest", HexFormat.of().formatHex(hash))
                    .put("algorithm", "sha256");
        }
        ((ObjectNode) root.path("subject").path(0).path("digest"))
                .put("sha256", HexFormat.of().formatHex(all.digest()));
        return Json.compact(root).getBytes(UTF_8);
    }

    private static Path sign(Path folder, byte[] statement) throws IOException {
        FuzzSignatures.rightBundle(folder, false);
        Path bundle = folder.resolve("signed.sig");
        return Files.writeString(bundle, Forged.sign(bundle, statement));
    }
}
