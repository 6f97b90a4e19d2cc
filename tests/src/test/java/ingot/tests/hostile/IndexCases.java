package ingot.tests.hostile;

import static ingot.tests.hostile.HostileCase.accept;
import static ingot.tests.hostile.HostileCase.acceptWarning;
import static ingot.tests.hostile.HostileCase.bad;
import static ingot.tests.hostile.HostileCase.missing;

import ingot.formats.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

/** Rows 31 to 38: an index and its shards. */
public final class IndexCases {
    static final String INDEX = "model.safetensors.index.json";
    static final String FILE = "model\\.safetensors\\.index\\.json: ";
    static final String FIRST = "model-00001-of-00002.safetensors";
    static final String SECOND = "model-00002-of-00002.safetensors";
    private static final String OUTSIDE = "is not a path inside the model folder";

    private IndexCases() {}

    static List<HostileCase> all() {
        return Stream.of(paths(), LinkCases.all(), kinds(), contradictions())
                .flatMap(List::stream)
                .toList();
    }

    private static List<HostileCase> paths() {
        return List.of(
                accept("row-31-sharded", f -> write(f, root -> {})),
                accept("row-31-shards-in-a-subfolder", f -> {
                    write(f, root -> rename(root, SECOND, "part/" + SECOND));
                    Files.createDirectory(f.resolve("part"));
                    Files.move(f.resolve(SECOND), f.resolve("part").resolve(SECOND));
                    return f;
                }),
                shard("row-31-shard-in-the-folder-above", "../" + SECOND),
                shard("row-31-shard-by-a-detour", "a/../../" + SECOND),
                shard("row-31-shard-with-backslashes", "..\\" + SECOND),
                shard("row-31-shard-with-nul", "a\0b"),
                shard("row-31-shard-without-a-name", ""),
                shard("row-32-shard-absolute", "/etc/passwd"),
                missing(
                        "row-32-shard-name-with-escape-sequence",
                        FILE + "1 of 2 shards are missing: '\\\\u001b\\[2J'",
                        f -> write(f, root -> rename(root, SECOND, "\u001b[2J"))));
    }

    private static List<HostileCase> kinds() {
        return List.of(
                fifo("row-34-shard-is-a-fifo", SECOND),
                fifo("row-34-index-is-a-fifo", INDEX),
                bad("row-34-weights-are-a-fifo", "model\\.safetensors: not a regular file", f -> {
                    new TinyModel().writeConfig(f);
                    return makeFifo(f, "model.safetensors");
                }),
                bad("row-34-config-is-a-fifo", "config\\.json: not a regular file", f -> {
                    new TinyModel().write(f);
                    return makeFifo(f, "config.json");
                }),
                bad("row-34-tokenizer-is-a-fifo", "tokenizer\\.json: not a regular file", f -> {
                    new TinyModel().write(f);
                    return makeFifo(f, "tokenizer.json");
                }),
                bad("row-34-shard-is-a-device", FILE + "shard '" + SECOND + "' is a link that leaves", f -> {
                    write(f, root -> {});
                    return device(f, SECOND);
                }),
                bad("row-34-weights-are-a-device", "model\\.safetensors: not a regular file", f -> {
                    new TinyModel().writeConfig(f);
                    return device(f, "model.safetensors");
                }),
                bad("row-34-config-is-a-device", "config\\.json: is a link that leaves the model folder", f -> {
                    new TinyModel().write(f);
                    return device(f, "config.json");
                }),
                bad("row-34-shard-is-a-folder", SECOND + ": not a regular file", f -> {
                    write(f, root -> {});
                    Files.delete(f.resolve(SECOND));
                    Files.createDirectory(f.resolve(SECOND));
                    return f;
                }),
                missing("row-35-shards-missing", FILE + "2 of 2 shards are missing: '" + FIRST + "', '" + SECOND, f -> {
                    write(f, root -> {});
                    Files.delete(f.resolve(FIRST));
                    Files.delete(f.resolve(SECOND));
                    return f;
                }),
                missing(
                        "row-35-missing-shard-of-a-long-name",
                        FILE + "1 of 2 shards are missing: 'x{79}…'",
                        f -> write(f, root -> rename(root, SECOND, "x".repeat(1024)))),
                bad(
                        "row-35-shard-name-of-60-KB",
                        FILE + "shard name 'x{79}…' of 60000 characters; at most 1024",
                        f -> write(f, root -> rename(root, SECOND, "x".repeat(60_000)))));
    }

    private static List<HostileCase> contradictions() {
        String tensor = "tensor '" + TinyModel.EMBED + "'";
        return List.of(
                bad("row-36-tensor-in-two-shards", SECOND + ": " + tensor + " @\\d+: also in '" + FIRST, f -> {
                    write(f, root -> {});
                    Files.copy(f.resolve(FIRST), f.resolve(SECOND), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
                    return f;
                }),
                bad(
                        "row-36-one-shard-by-two-names",
                        SECOND + ": tensor '.*does not put it into this shard",
                        f -> write(f, root -> map(root).put("lm_head.weight", "./" + SECOND))),
                bad(
                        "row-37-index-names-an-absent-tensor",
                        FILE + "tensor 'ghost': the index puts it into '" + FIRST,
                        f -> write(f, root -> map(root).put("ghost", FIRST))),
                bad(
                        "row-37-shard-holds-more-than-the-index",
                        FIRST + ": " + tensor + " @\\d+: the index .* does not put it",
                        f -> write(f, root -> map(root).remove(TinyModel.EMBED))),
                bad(
                        "row-37-index-names-the-other-shard",
                        FIRST + ": " + tensor + " @\\d+: the index .* does not put it",
                        f -> write(f, root -> map(root).put(TinyModel.EMBED, SECOND))),
                bad(
                        "row-38-weight-map-is-a-list",
                        FILE + "weight_map is not an object",
                        f -> write(f, root -> root.putArray("weight_map"))),
                bad(
                        "row-38-weight-map-missing",
                        FILE + "weight_map is not an object",
                        f -> write(f, root -> root.remove("weight_map"))),
                bad(
                        "row-38-weight-map-empty",
                        FILE + "weight_map is not an object",
                        f -> write(f, root -> root.putObject("weight_map"))),
                bad(
                        "row-38-shard-name-is-a-number",
                        FILE + tensor + ": its shard name is not a string",
                        f -> write(f, root -> map(root).put(TinyModel.EMBED, 1))),
                bad("row-38-index-is-not-json", FILE + "@\\d+: malformed JSON", f -> {
                    write(f, root -> {});
                    Files.writeString(f.resolve(INDEX), "weight_map: {}");
                    return f;
                }),
                acceptWarning(
                        "row-38-total-size-wrong",
                        "total_size says '12'",
                        f -> write(f, root -> root.putObject("metadata").put("total_size", 12))),
                acceptWarning(
                        "row-38-total-size-text",
                        "total_size says 'huge'",
                        f -> write(f, root -> root.putObject("metadata").put("total_size", "huge"))),
                acceptWarning(
                        "row-38-total-size-list",
                        "total_size says '\\[1\\]'",
                        f -> write(
                                f,
                                root -> root.putObject("metadata")
                                        .putArray("total_size")
                                        .add(1))),
                acceptWarning(
                        "row-38-total-size-object",
                        "total_size says '\\{\\}'",
                        f -> write(f, root -> root.putObject("metadata").putObject("total_size"))),
                acceptWarning(
                        "row-38-total-size-huge",
                        "total_size says '1E\\+999999999'",
                        f -> write(
                                f,
                                root -> root.putObject("metadata")
                                        .put("total_size", new java.math.BigDecimal("1e999999999")))),
                accept("row-38-metadata-is-text", f -> write(f, root -> root.put("metadata", "none"))));
    }

    private static HostileCase shard(String name, String shardName) {
        return bad(name, FILE + "shard name '.*' " + OUTSIDE, f -> {
            Path model = Files.createDirectory(f.resolve("model"));
            write(model, root -> rename(root, SECOND, shardName));
            // What the name means to somebody who follows it is a perfect shard.
            Files.move(model.resolve(SECOND), f.resolve(SECOND));
            return model;
        });
    }

    private static HostileCase fifo(String name, String file) {
        return bad(name, file.replace(".", "\\.") + ": not a regular file", f -> {
            write(f, root -> {});
            return makeFifo(f, file);
        });
    }

    private static Path makeFifo(Path folder, String name) throws IOException {
        Files.deleteIfExists(folder.resolve(name));
        Commands.fifo(folder.resolve(name));
        return folder;
    }

    private static Path device(Path folder, String name) throws IOException {
        Files.deleteIfExists(folder.resolve(name));
        Files.createSymbolicLink(folder.resolve(name), Path.of("/dev/zero"));
        return folder;
    }

    /** A correct sharded model but for what {@code edit} does to the index. */
    public static Path write(Path folder, Consumer<ObjectNode> edit) throws IOException {
        TinyModel model = new TinyModel();
        model.writeConfig(folder);
        SequencedMap<String, TinyModel.Stored> first = new LinkedHashMap<>();
        SequencedMap<String, TinyModel.Stored> second = new LinkedHashMap<>();
        model.tensors().forEach((name, t) -> (first.size() < 5 ? first : second).put(name, t));
        ObjectNode root = Json.object();
        root.putObject("metadata").put("total_size", TinyModel.data(model.tensors()).length);
        ObjectNode map = root.putObject("weight_map");
        TinyModel.shard(folder.resolve(FIRST), first, map);
        TinyModel.shard(folder.resolve(SECOND), second, map);
        edit.accept(root);
        Files.writeString(folder.resolve(INDEX), Json.compact(root));
        return folder;
    }

    private static ObjectNode map(ObjectNode root) {
        return (ObjectNode) root.path("weight_map");
    }

    private static void rename(ObjectNode root, String from, String to) {
        ObjectNode map = map(root);
        for (String name : List.copyOf(map.propertyNames())) {
            if (map.path(name).asString().equals(from)) {
                map.put(name, to);
            }
        }
    }
}
