package ingot.formats.hf;

import ingot.formats.IngotException;
import ingot.formats.TensorInfo;
import ingot.formats.TensorSource;
import ingot.formats.Text;
import ingot.formats.io.Folders;
import ingot.formats.io.TensorFile;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import ingot.formats.json.ObjectFields;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Weights split over several files, tied together by {@code *.index.json}: {@code {"metadata": {"total_size"}, "weight_map":
 * {tensor: shard}}}. Index and shards must agree tensor by tensor; what format a shard has is decided by its content.
 */
final class ShardedWeights implements TensorSource {
    /**
     * A name and a shard for each of half a million tensors, with 128 bytes for both. 60 layers of 512 experts stored one by
     * one with scales are 184,320 tensors; the largest published index has about 10 MB.
     */
    private static final JsonBound MAX_INDEX = new JsonBound(64 << 20, 1 << 20, 1 << 20);

    private static final int MAX_SHARDS = 10_000;

    /** Four times what a file system allows for one name. */
    private static final int MAX_SHARD_NAME = 1024;

    private final List<TensorFile> files;
    private final SequencedMap<String, TensorInfo> tensors;
    private final Map<Path, TensorFile> byPath;
    private final List<String> warnings;

    private ShardedWeights(List<TensorFile> files, SequencedMap<String, TensorInfo> tensors, List<String> warnings) {
        this.files = files;
        this.tensors = tensors;
        this.byPath = new java.util.HashMap<>();
        files.forEach(f -> byPath.put(f.path(), f));
        this.warnings = warnings;
    }

    static ShardedWeights open(Path index) {
        Index said = Index.read(index);
        Map<String, String> weightMap = said.weightMap();
        Path folder = Folders.of(index);
        Map<String, Path> shards = resolve(new TreeSet<>(weightMap.values()), folder, index);
        List<TensorFile> files = new ArrayList<>();
        try {
            SequencedMap<String, TensorInfo> tensors = new LinkedHashMap<>();
            for (var shard : shards.entrySet()) {
                TensorFile file = WeightFiles.open(shard.getValue());
                files.add(file);
                file.input().oneOf(shards.size());
                collect(shard.getKey(), file, weightMap, tensors, index);
            }
            for (String name : weightMap.keySet()) {
                if (!tensors.containsKey(name)) {
                    throw IngotException.BadData.tensor(
                            index,
                            name,
                            "the index puts it into " + Text.quote(weightMap.getOrDefault(name, ""))
                                    + ", which does not hold it");
                }
            }
            return new ShardedWeights(List.copyOf(files), tensors, sizeWarnings(said, tensors, index));
        } catch (RuntimeException | Error e) {
            files.forEach(TensorFile::close);
            throw e;
        }
    }

    /**
     * What is kept of an index while its shards are read; its tree takes as much again.
     *
     * @param weightMap shard by tensor
     * @param totalSize bytes of all tensors; NaN where it is no number
     * @param stated the same as it is written there, if it is
     */
    private record Index(Map<String, String> weightMap, double totalSize, Optional<String> stated) {
        static Index read(Path file) {
            ObjectNode root = Json.readObject(file, MAX_INDEX);
            JsonNode total = root.path("metadata").path("total_size");
            return new Index(
                    ShardedWeights.weightMap(root, file),
                    Json.number(total),
                    total.isMissingNode() ? Optional.empty() : Optional.of(ObjectFields.show(total)));
        }
    }

    private static Map<String, String> weightMap(ObjectNode root, Path index) {
        if (!(root.get("weight_map") instanceof ObjectNode map) || map.isEmpty()) {
            throw IngotException.BadData.in(index, "weight_map is not an object of tensor names to shard names");
        }
        Map<String, String> weightMap = LinkedHashMap.newLinkedHashMap(map.size());
        for (var entry : map.properties()) {
            if (!entry.getValue().isString()) {
                throw IngotException.BadData.tensor(index, entry.getKey(), "its shard name is not a string");
            }
            weightMap.put(entry.getKey(), entry.getValue().stringValue());
        }
        return weightMap;
    }

    /** Shard names become paths inside the model folder (or the blobs of the same hub cache), or the index is refused. */
    private static Map<String, Path> resolve(TreeSet<String> names, Path folder, Path index) {
        if (names.size() > MAX_SHARDS) {
            throw IngotException.BadData.in(index, names.size() + " shards; at most " + MAX_SHARDS + " are accepted");
        }
        Map<String, Path> shards = new TreeMap<>();
        List<String> missing = new ArrayList<>();
        for (String name : names) {
            Path shard = inside(name, folder, index);
            if (!Files.exists(shard)) {
                missing.add(Text.quote(name));
            }
            shards.put(name, shard);
        }
        if (!missing.isEmpty()) {
            throw new IngotException.MissingInput(Text.path(index) + ": " + missing.size() + " of " + names.size()
                    + " shards are missing: " + String.join(", ", missing));
        }
        try {
            for (var shard : shards.entrySet()) {
                if (Folders.leaves(shard.getValue(), folder)) {
                    throw IngotException.BadData.in(
                            index, "shard " + Text.quote(shard.getKey()) + " is a link that leaves the model folder");
                }
            }
        } catch (IOException e) {
            throw new IngotException.ReadWrite(Text.path(index) + ": cannot follow links: " + Text.reason(e), e);
        }
        return shards;
    }

    private static Path inside(String name, Path folder, Path index) {
        if (name.length() > MAX_SHARD_NAME) {
            throw IngotException.BadData.in(
                    index,
                    "shard name " + Text.quote(name) + " of " + name.length() + " characters; at most " + MAX_SHARD_NAME
                            + " are accepted");
        }
        try {
            Path relative = Path.of(name);
            boolean leaves = name.isEmpty() || relative.isAbsolute() || name.startsWith("/") || name.contains("\\");
            for (Path part : relative) {
                leaves |= part.toString().equals("..");
            }
            if (!leaves) {
                return folder.resolve(relative);
            }
        } catch (InvalidPathException e) {
            // Not a name this file system can hold: refused like one that leaves the folder.
        }
        throw IngotException.BadData.in(
                index, "shard name " + Text.quote(name) + " is not a path inside the model folder");
    }

    private static void collect(
            String shard,
            TensorFile file,
            Map<String, String> weightMap,
            SequencedMap<String, TensorInfo> tensors,
            Path index) {
        for (TensorInfo t : file.tensors().sequencedValues()) {
            TensorInfo twin = tensors.putIfAbsent(t.name(), t);
            if (twin != null) {
                throw IngotException.BadData.tensor(
                        t.file(), t.name(), t.offset(), "also in " + Text.quote(Folders.name(twin.file())));
            }
            if (!shard.equals(weightMap.get(t.name()))) {
                throw IngotException.BadData.tensor(
                        t.file(),
                        t.name(),
                        t.offset(),
                        "the index " + Text.quote(Folders.name(index)) + " does not put it into this shard");
            }
        }
    }

    private static List<String> sizeWarnings(Index said, Map<String, TensorInfo> tensors, Path index) {
        long actual = tensors.values().stream().mapToLong(TensorInfo::bytes).sum();
        return said.stated().filter(stated -> said.totalSize() != actual).stream()
                .map(stated ->
                        Text.path(index) + ": total_size says " + stated + ", the tensors have " + actual + " bytes")
                .toList();
    }

    List<TensorFile> files() {
        return files;
    }

    List<String> warnings() {
        return warnings;
    }

    @Override
    public SequencedMap<String, TensorInfo> tensors() {
        return Collections.unmodifiableSequencedMap(tensors);
    }

    @Override
    public void read(TensorInfo tensor, long byteOffset, MemorySegment destination) {
        TensorFile file = byPath.get(tensor.file());
        if (file == null) {
            throw new IllegalArgumentException("not a tensor of these shards: " + tensor.name());
        }
        file.read(tensor, byteOffset, destination);
    }

    @Override
    public void close() {
        files.forEach(TensorFile::close);
    }
}
