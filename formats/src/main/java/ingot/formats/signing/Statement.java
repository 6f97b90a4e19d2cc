package ingot.formats.signing;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.ingot.Checksum;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import ingot.formats.json.ObjectFields;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What is signed: an in-toto statement v1 with the files of the model and their hashes (specification, sections 5 and
 * 6).
 *
 * @param subject last name of the model's path; tells people, proves nothing
 * @param resources sorted by name in the order of code points
 */
record Statement(String subject, Scope scope, List<Resource> resources) {
    private static final String TYPE = "https://in-toto.io/Statement/v1";
    private static final String PREDICATE = "https://model_signing/signature/v1.0";
    private static final String HASH = "sha256";

    /** Ten for each of the most files of a model; the longest string is a path. */
    private static final JsonBound MAX_JSON = new JsonBound(64 << 20, 1 << 20, 1 << 20);

    private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");

    /**
     * One file, or one range of a file.
     *
     * @param name path from the model's root, with slashes; of a range with {@code :START:END} behind it
     * @param sha256 lower-case hex
     */
    record Resource(String name, String sha256) {}

    /**
     * Which files are meant and how they are hashed.
     *
     * @param shardSize bytes per range; 0 when whole files are hashed
     * @param followLinks whether symbolic links stand for what they point to
     * @param ignored paths from the root that are left out, with all below them
     */
    record Scope(long shardSize, boolean followLinks, List<String> ignored) {
        Scope {
            ignored = List.copyOf(ignored);
        }
    }

    Statement {
        resources = List.copyOf(resources);
    }

    /** Names the model as a whole: SHA-256 over the hashes, as bytes, in order (section 6.5.1). */
    String rootDigest() {
        MessageDigest all = Checksum.sha256();
        resources.forEach(r -> all.update(HexFormat.of().parseHex(r.sha256)));
        return HexFormat.of().formatHex(all.digest());
    }

    /** The bytes to sign. */
    byte[] bytes() {
        ObjectNode root = Json.object();
        root.put("_type", TYPE);
        ObjectNode model = root.putArray("subject").addObject();
        model.put("name", subject);
        model.putObject("digest").put(HASH, rootDigest());
        root.put("predicateType", PREDICATE);
        ObjectNode predicate = root.putObject("predicate");
        ArrayNode list = predicate.putArray("resources");
        for (Resource r : resources) {
            list.addObject().put("name", r.name).put("digest", r.sha256).put("algorithm", HASH);
        }
        ObjectNode how = predicate.putObject("serialization");
        how.put("method", scope.shardSize == 0 ? "files" : "shards");
        how.put("hash_type", HASH);
        if (scope.shardSize > 0) {
            how.put("shard_size", scope.shardSize);
        }
        how.put("allow_symlinks", scope.followLinks);
        ArrayNode ignored = how.putArray("ignore_paths");
        scope.ignored.forEach(ignored::add);
        return Json.compact(root).getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Reads what a verified signature covers.
     *
     * @param origin the bundle, named in errors
     */
    static Statement parse(byte[] payload, Path origin) {
        ObjectFields root = new ObjectFields(Json.parseObject(payload, origin, MAX_JSON), origin, "statement.");
        root.only(Set.of("_type", "subject", "predicateType", "predicate"));
        require(origin, "statement type", root.requireText("_type"), TYPE);
        require(origin, "predicate type", root.requireText("predicateType"), PREDICATE);
        List<ObjectFields> subjects = root.requireObjects("subject");
        if (subjects.size() != 1) {
            throw IngotException.BadData.in(origin, subjects.size() + " subjects; a signature of a model has one");
        }
        ObjectFields predicate = root.requireObject("predicate");
        predicate.only(Set.of("resources", "serialization"));
        Scope scope = scope(predicate.requireObject("serialization"));
        List<Resource> resources = new ArrayList<>();
        for (ObjectFields r : predicate.requireObjects("resources")) {
            require(origin, "hash", r.requireText("algorithm"), HASH);
            if (!DIGEST.matcher(r.requireText("digest")).matches()) {
                throw r.bad("digest", "not a SHA-256 in lower-case hex");
            }
            resources.add(new Resource(r.requireText("name"), r.requireText("digest")));
        }
        if (resources.isEmpty()) {
            throw predicate.bad("resources", "empty: nothing was signed");
        }
        ObjectFields subject = subjects.getFirst();
        Statement statement = new Statement(subject.requireText("name"), scope, resources);
        String stated = subject.requireObject("digest").requireText(HASH);
        if (!stated.equals(statement.rootDigest())) {
            throw IngotException.BadData.in(
                    origin,
                    "inconsistent: the digest of the subject is " + Text.quote(stated) + ", that of its resources "
                            + statement.rootDigest());
        }
        return statement;
    }

    private static Scope scope(ObjectFields how) {
        how.only(Set.of("method", "hash_type", "shard_size", "allow_symlinks", "ignore_paths"));
        require(how.origin(), "hash", how.requireText("hash_type"), HASH);
        long shard = 0;
        switch (how.requireText("method")) {
            case "files" -> {
                if (how.get("shard_size").isPresent()) {
                    throw how.bad("shard_size", "belongs to the method shards, not to files");
                }
            }
            case "shards" -> {
                JsonNode size = how.require("shard_size");
                if (!size.isIntegralNumber() || !size.canConvertToLong() || size.longValue() < 1) {
                    throw how.bad("shard_size", ObjectFields.show(size) + "; expected a positive integer");
                }
                shard = size.longValue();
            }
            default -> throw how.bad("method", "neither files nor shards");
        }
        List<String> ignored = new ArrayList<>();
        if (how.get("ignore_paths").isPresent()) {
            for (JsonNode path : how.requireArray("ignore_paths")) {
                if (!path.isString()) {
                    throw how.bad("ignore_paths", "holds something else than strings");
                }
                ignored.add(path.stringValue());
            }
        }
        return new Scope(shard, how.requireFlag("allow_symlinks"), ignored);
    }

    private static void require(Path origin, String what, String value, String expected) {
        if (!value.equals(expected)) {
            throw IngotException.BadData.in(origin, what + " " + Text.quote(value) + "; Ingot verifies " + expected);
        }
    }
}
