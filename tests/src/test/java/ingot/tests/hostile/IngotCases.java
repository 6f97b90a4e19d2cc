package ingot.tests.hostile;

import static ingot.tests.hostile.HostileCase.accept;
import static ingot.tests.hostile.HostileCase.bad;
import static ingot.tests.hostile.HostileCase.mismatch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Damaged and forged .ingot files; the forged ones have right checksums. */
final class IngotCases {
    private static final String FILE = "model\\.ingot: ";

    private IngotCases() {}

    static List<HostileCase> all() {
        return Stream.of(versions(), damage(), manifests(), layouts())
                .flatMap(List::stream)
                .toList();
    }

    private static List<HostileCase> versions() {
        return List.of(
                accept("ingot-intact", f -> forge(f, b -> {})),
                accept(
                        "ingot-newer-minor-version",
                        f -> forge(f, b -> b.metadata().put("ingot.version", "1.7"))),
                forged(
                        "ingot-newer-major-version",
                        FILE + "written in format '2\\.0'; this Ingot reads up to 1\\.0",
                        b -> b.metadata().put("ingot.version", "2.0")),
                forged(
                        "ingot-version-huge",
                        FILE + ".*version",
                        b -> b.metadata().put("ingot.version", "99999999999")),
                forged(
                        "ingot-version-0",
                        FILE + "ingot.version '0.9' is not a version",
                        b -> b.metadata().put("ingot.version", "0.9")),
                forged(
                        "ingot-version-text",
                        FILE + "ingot.version 'new' is not a version",
                        b -> b.metadata().put("ingot.version", "new")),
                forged(
                        "ingot-version-missing",
                        FILE + "ingot.version '' is not a version",
                        b -> b.metadata().remove("ingot.version")));
    }

    private static List<HostileCase> damage() {
        return List.of(
                damaged("ingot-header-crc-damaged", FILE + "@0: the header does not match its checksum", bytes -> {
                    // A space of the padding: the JSON still says the same.
                    bytes[7 + IngotBytes.headerLength(bytes)] = '\t';
                    return bytes;
                }),
                damaged(
                        "ingot-2-bytes-short",
                        FILE + "tensor 'ingot.checksums' @\\d+: data ends at byte",
                        bytes -> Arrays.copyOf(bytes, bytes.length - 2)),
                damaged(
                        "ingot-trailing-byte",
                        FILE + "@\\d+: 1 bytes after the last tensor",
                        bytes -> Arrays.copyOf(bytes, bytes.length + 1)),
                damaged(
                        "ingot-weight-damaged",
                        FILE + "@\\d+: tensor '" + TinyModel.EMBED + "' does not match its checksum",
                        bytes -> {
                            bytes[8 + IngotBytes.headerLength(bytes) + 5] ^= 1;
                            return bytes;
                        }),
                forged(
                        "ingot-checksums-missing",
                        FILE + "its last tensor is not ingot.checksums",
                        b -> {
                            ObjectNode sums = (ObjectNode) b.header().remove("ingot.checksums");
                            b.header().set("ingot.sums", sums);
                        },
                        false),
                forged(
                        "ingot-checksums-of-another-type",
                        FILE + "its last tensor is not ingot.checksums",
                        b -> ((ObjectNode) b.header().path("ingot.checksums")).put("dtype", "I8")));
    }

    private static List<HostileCase> manifests() {
        return List.of(
                forged(
                        "ingot-manifest-missing",
                        FILE + "no ingot.manifest",
                        b -> b.metadata().remove("ingot.manifest")),
                forged(
                        "ingot-manifest-not-json",
                        FILE + ".*malformed JSON",
                        b -> b.metadata().put("ingot.manifest", "tool")),
                forged(
                        "ingot-manifest-is-a-list",
                        FILE + "JSON root is not an object",
                        b -> b.metadata().put("ingot.manifest", "[]")),
                manifest("ingot-manifest-without-tensors", "tensors is not an array", m -> m.remove("tensors")),
                manifest(
                        "ingot-manifest-names-an-absent-part",
                        "tensor 'ghost': the manifest names it",
                        m -> tensor(m, 0).putArray("parts").add("ghost")),
                manifest(
                        "ingot-manifest-two-parts-for-one",
                        "tensor '" + TinyModel.EMBED + "': 2 parts; its layout has 1",
                        m -> ((ArrayNode) tensor(m, 0).path("parts")).add(TinyModel.EMBED)),
                manifest(
                        "ingot-manifest-tensor-twice",
                        "tensor '" + TinyModel.EMBED + "': twice in the manifest",
                        m -> ((ArrayNode) m.path("tensors")).add(tensor(m, 0).deepCopy())),
                manifest(
                        "ingot-manifest-part-of-another-tensor",
                        "its layout wants F32 \\[7, 6\\]",
                        m -> tensor(m, 0).putArray("parts").add(TinyModel.GATE)),
                manifest(
                        "ingot-manifest-part-not-aligned",
                        "tensor 'ingot.pad.1' @\\d+: (not aligned|.*its layout wants)",
                        m -> tensor(m, 0).putArray("parts").add("ingot.pad.1")),
                manifest(
                        "ingot-manifest-tokenizer-absent",
                        "tensor 'ingot.tokenizer': the manifest names it",
                        m -> m.putObject("tokenizer").put("tensor", "ingot.tokenizer")),
                bad(
                        "ingot-tokenizer-of-2-GiB",
                        FILE + "tensor 'ingot.tokenizer' @\\d+: a tokenizer of 2147483648 bytes; at most",
                        f -> IngotBytes.of(IngotBytes.tiny("f32"))
                                .writeWithTokenizer(f.resolve("model.ingot"), 1L << 31)),
                bad(
                        "ingot-tokenizer-damaged",
                        FILE + "@\\d+: tensor 'ingot.tokenizer' does not match its checksum",
                        f -> IngotBytes.of(IngotBytes.tiny("f32")).writeWithTokenizer(f.resolve("model.ingot"), 64)),
                mismatch(
                        "ingot-manifest-lacks-a-weight",
                        "tensor '" + TinyModel.EMBED + "' is missing; expected shape \\[7, 6\\]",
                        f -> forge(f, b -> b.manifest(m -> ((ArrayNode) m.path("tensors")).remove(0)))),
                mismatch(
                        "ingot-config-contradicts",
                        "shape \\[7, 6\\].* asks for \\[8, 6\\]",
                        f -> forge(f, b -> b.manifest(m -> ((ObjectNode) m.path("config")).put("vocab_size", 8)))),
                mismatch(
                        "ingot-config-of-another-model",
                        "model_type 'gpt2' is not supported",
                        f -> forge(
                                f, b -> b.manifest(m -> ((ObjectNode) m.path("config")).put("model_type", "gpt2")))));
    }

    private static List<HostileCase> layouts() {
        return List.of(
                manifest("ingot-shape-negative", "shape of .* is not a list of sizes", m -> shape(m, -7, 6)),
                manifest("ingot-name-of-5000-characters", "tensor 'x{79}…': name of 5000 characters", m -> {
                    shape(m, -7, 6);
                    tensor(m, 0).put("name", "x".repeat(5000));
                }),
                manifest("ingot-name-with-escape-sequence", "tensor '\\\\u001b\\[2J': control character", m -> {
                    shape(m, -7, 6);
                    tensor(m, 0).put("name", "\u001b[2J");
                }),
                manifest("ingot-name-of-4000-characters", "shape of 'x{79}…' is not a list of sizes", m -> {
                    shape(m, -7, 6);
                    tensor(m, 0).put("name", "x".repeat(4000));
                }),
                manifest("ingot-shape-overflows", "shape of .* is not small enough", m -> shape(m, 1L << 62, 4)),
                manifest(
                        "ingot-shape-huge",
                        "tensor '" + TinyModel.EMBED + "'.*(impossible|too large|its layout wants)",
                        m -> shape(m, 1L << 40, 1 << 20)),
                manifest(
                        "ingot-shape-huge-in-blocks",
                        "tensor '" + TinyModel.EMBED + "'.*cannot be stored in blocks",
                        m -> {
                            shape(m, 1L << 40, 1 << 20);
                            tensor(m, 0).putObject("layout").put("type", "int4").put("group", 32);
                        }),
                manifest("ingot-shape-with-0", "tensor '" + TinyModel.EMBED + "'", m -> {
                    shape(m, 0, 6);
                    tensor(m, 0).putObject("layout").put("type", "int8").put("group", 32);
                }),
                layout("ingot-layout-unknown", "layout: unknown type 'int2'", l -> l.put("type", "int2")),
                layout(
                        "ingot-layout-group-31",
                        "layout: group 31",
                        l -> l.put("type", "int4").put("group", 31)),
                layout(
                        "ingot-layout-group-negative",
                        "layout: group -32",
                        l -> l.put("type", "int8").put("group", -32)),
                layout(
                        "ingot-layout-int7",
                        "layout: unknown type 'int7'.*int8, int6, int5, int4, int3, iq4",
                        l -> l.put("type", "int7").put("group", 32)),
                layout("ingot-layout-int5-without-group", "layout: 'group' is neither", l -> l.put("type", "int5")),
                layout(
                        "ingot-layout-int6-of-f32-bytes",
                        "1 parts; its layout has 2",
                        l -> l.put("type", "int6").put("group", 32)),
                layout(
                        "ingot-layout-iq4-group-48",
                        "layout: group 48",
                        l -> l.put("type", "iq4").put("group", 48)),
                manifest(
                        "ingot-shape-huge-in-planes",
                        "tensor '" + TinyModel.EMBED + "'.*cannot be stored in blocks",
                        m -> {
                            shape(m, 1L << 40, 1 << 20);
                            tensor(m, 0).putObject("layout").put("type", "int3").put("group", 32);
                        }),
                layout("ingot-layout-field-unknown", "layout: unknown field 'signed'", l -> l.put("signed", true)),
                layout("ingot-layout-of-another-type", "its layout wants BF16", l -> l.put("type", "bf16")));
    }

    private static HostileCase manifest(String name, String message, Consumer<ObjectNode> edit) {
        return forged(name, FILE + ".*" + message, b -> b.manifest(edit));
    }

    private static HostileCase layout(String name, String message, Consumer<ObjectNode> edit) {
        return manifest(
                name, message, m -> edit.accept((ObjectNode) tensor(m, 0).path("layout")));
    }

    private static HostileCase forged(String name, String message, Consumer<IngotBytes> edit) {
        return forged(name, message, edit, true);
    }

    private static HostileCase forged(String name, String message, Consumer<IngotBytes> edit, boolean sealed) {
        return bad(name, message, f -> sealed ? forge(f, edit) : unsealed(f, edit));
    }

    private static HostileCase damaged(String name, String message, java.util.function.UnaryOperator<byte[]> edit) {
        return bad(name, message, f -> Files.write(f.resolve("model.ingot"), edit.apply(IngotBytes.tiny("f32"))));
    }

    private static Path forge(Path folder, Consumer<IngotBytes> edit) throws IOException {
        IngotBytes bytes = IngotBytes.of(IngotBytes.tiny("f32"));
        edit.accept(bytes);
        return Files.write(folder.resolve("model.ingot"), bytes.seal());
    }

    private static Path unsealed(Path folder, Consumer<IngotBytes> edit) throws IOException {
        IngotBytes bytes = IngotBytes.of(IngotBytes.tiny("f32"));
        edit.accept(bytes);
        byte[] json = ingot.formats.json.Json.compact(bytes.header()).getBytes(java.nio.charset.StandardCharsets.UTF_8);
        return Files.write(folder.resolve("model.ingot"), TinyModel.file(json.length, json, bytes.data()));
    }

    private static ObjectNode tensor(ObjectNode manifest, int i) {
        return (ObjectNode) manifest.path("tensors").path(i);
    }

    private static void shape(ObjectNode manifest, long rows, long cols) {
        tensor(manifest, 0).putArray("shape").add(rows).add(cols);
    }
}
