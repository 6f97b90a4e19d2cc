package ingot.quant;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.io.AtomicFile;
import ingot.formats.json.Json;
import ingot.formats.safetensors.SafetensorsOutput;
import ingot.formats.safetensors.SafetensorsWriter;
import ingot.quant.folder.FolderFormat.Part;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

/**
 * The files of a model folder being written. Weights go into {@code model.safetensors}, or into numbered shards with an index;
 * they get their names when all are complete, and config.json is the last file of all: a folder without it is no model, so
 * there never is half of one.
 */
final class FolderFiles implements AutoCloseable {
    static final String WEIGHTS = "model.safetensors";
    static final String INDEX = "model.safetensors.index.json";
    static final String CONFIG = "config.json";

    private final Path folder;
    private final boolean created;
    private final List<Path> paths = new ArrayList<>();
    private final List<SafetensorsOutput> shards = new ArrayList<>();
    private final Map<String, SafetensorsOutput> shardOf = new HashMap<>();
    private final ObjectNode index = Json.object();
    private boolean committed;

    private FolderFiles(Path folder, boolean created) {
        this.folder = folder;
        this.created = created;
    }

    /**
     * Prepares the weights.
     *
     * @param parts every tensor, in order
     * @param shardBytes begin another shard where tensors would exceed this
     * @throws IngotException.CannotCreate when the folder holds a model already and {@code overwrite} is false
     */
    static FolderFiles create(Path folder, boolean overwrite, List<Part> parts, long shardBytes) {
        requireFree(folder, overwrite);
        boolean fresh = !Files.exists(folder);
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new IngotException.CannotCreate(Text.path(folder) + ": cannot be created: " + Text.reason(e), e);
        }
        FolderFiles files = new FolderFiles(folder, fresh);
        try {
            files.open(divide(parts, shardBytes), overwrite);
            return files;
        } catch (RuntimeException | Error e) {
            files.close();
            throw e;
        }
    }

    /** A folder that holds a model, in one file or in shards, is only replaced when asked for. */
    private static void requireFree(Path folder, boolean overwrite) {
        if (Files.exists(folder) && !Files.isDirectory(folder)) {
            throw new IngotException.CannotCreate(Text.path(folder) + ": is not a folder", null);
        }
        Stream.concat(FolderSource.COMPANIONS.stream(), Stream.of(WEIGHTS, INDEX))
                .forEach(name -> {
                    if (!overwrite && Files.exists(folder.resolve(name))) {
                        throw new IngotException.CannotCreate(
                                Text.path(folder.resolve(name)) + ": exists already; --force replaces it", null);
                    }
                });
    }

    private static List<List<Part>> divide(List<Part> parts, long shardBytes) {
        List<List<Part>> shards = new ArrayList<>();
        List<Part> shard = new ArrayList<>();
        long bytes = 0;
        for (Part part : parts) {
            if (!shard.isEmpty() && part.bytes() > shardBytes - bytes) {
                shards.add(shard);
                shard = new ArrayList<>();
                bytes = 0;
            }
            shard.add(part);
            bytes = Math.addExact(bytes, part.bytes());
        }
        shards.add(shard);
        return shards;
    }

    private void open(List<List<Part>> divided, boolean overwrite) {
        ObjectNode metadata = index.putObject("metadata");
        metadata.put(
                "total_size",
                divided.stream().flatMap(List::stream).mapToLong(Part::bytes).sum());
        ObjectNode map = index.putObject("weight_map");
        for (int i = 0; i < divided.size(); i++) {
            String name = divided.size() == 1
                    ? WEIGHTS
                    : String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", i + 1, divided.size());
            SafetensorsWriter layout = new SafetensorsWriter(1);
            divided.get(i).forEach(p -> layout.add(p.name(), p.dtype(), p.shape()));
            SafetensorsOutput shard =
                    SafetensorsOutput.create(folder.resolve(name), overwrite, layout, Map.of("format", "pt"));
            shards.add(shard);
            paths.add(folder.resolve(name));
            divided.get(i).forEach(p -> {
                shardOf.put(p.name(), shard);
                map.put(p.name(), name);
            });
        }
    }

    /** Writes a piece of a tensor. Safe for use by several threads. */
    void write(String tensor, long offset, ByteBuffer bytes) {
        SafetensorsOutput shard = shardOf.get(tensor);
        if (shard == null) {
            throw new IllegalArgumentException("no tensor " + tensor);
        }
        shard.write(tensor, offset, bytes);
    }

    /**
     * Puts the weights in place, then everything else, config.json last. Files of a model that was there before and are
     * none of this one's are removed.
     *
     * @param texts other files by name, among them config.json
     * @param others writes what is neither weights nor {@code texts}
     */
    void commit(Map<String, ObjectNode> texts, Runnable others) {
        remove(CONFIG);
        remove("quantize_config.json");
        for (String stale : staleWeights()) {
            remove(stale);
        }
        shards.forEach(SafetensorsOutput::commit);
        if (shards.size() > 1) {
            text(INDEX, index);
        }
        others.run();
        texts.forEach((name, json) -> {
            if (!name.equals(CONFIG)) {
                text(name, json);
            }
        });
        ObjectNode config = texts.get(CONFIG);
        if (config != null) {
            text(CONFIG, config);
        }
        committed = true;
    }

    /** The weights this has written. */
    List<Path> paths() {
        return List.copyOf(paths);
    }

    private List<String> staleWeights() {
        try (Stream<Path> list = Files.list(folder)) {
            return list.map(f -> String.valueOf(f.getFileName()))
                    .filter(n -> n.equals(WEIGHTS)
                            || n.equals(INDEX)
                            || n.matches("model-[0-9]{5}-of-[0-9]{5}\\.safetensors"))
                    .filter(n -> !paths.contains(folder.resolve(n)))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new IngotException.ReadWrite(Text.path(folder) + ": cannot be listed: " + Text.reason(e), e);
        }
    }

    private void remove(String name) {
        try {
            Files.deleteIfExists(folder.resolve(name));
        } catch (IOException e) {
            throw new IngotException.ReadWrite(
                    Text.path(folder.resolve(name)) + ": cannot be replaced: " + Text.reason(e), e);
        }
    }

    private void text(String name, ObjectNode json) {
        byte[] bytes = (Json.pretty(json) + "\n").getBytes(StandardCharsets.UTF_8);
        try (AtomicFile file = AtomicFile.create(folder.resolve(name), true, bytes.length)) {
            file.write(0, ByteBuffer.wrap(bytes));
            file.commit();
        }
    }

    @Override
    public void close() {
        shards.forEach(SafetensorsOutput::close);
        if (!committed && created) {
            try {
                Files.deleteIfExists(folder);
            } catch (IOException e) {
                // Not empty: what is in it is no model, because there is no config.json.
            }
        }
    }
}
