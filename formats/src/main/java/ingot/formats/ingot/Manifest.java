package ingot.formats.ingot;

import ingot.formats.IngotException;
import ingot.formats.Shape;
import ingot.formats.TensorNames;
import ingot.formats.Text;
import ingot.formats.block.Layout;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.util.RawValue;

/**
 * What an .ingot file says of itself: the JSON document in {@code __metadata__."ingot.manifest"}.
 *
 * <p>Hashes and errors are written with a fixed number of characters, so that the header's length is known before the
 * data is streamed and the header itself can be written last.
 *
 * @param tool name and version of the writer
 * @param config the original config.json
 * @param generationConfig the original generation_config.json
 * @param hasTokenizer whether {@link IngotFormat#TOKENIZER} is in the file
 * @param tensors the weights, in the order a forward pass uses them
 * @param sources the files the weights came from
 * @param options what the conversion was asked for, as far as it changes the bytes
 */
public record Manifest(
        String tool,
        ObjectNode config,
        Optional<ObjectNode> generationConfig,
        boolean hasTokenizer,
        List<StoredTensor> tensors,
        List<SourceFile> sources,
        ObjectNode options) {
    /**
     * About 30 tokens and 300 bytes for each tensor: twice what 60 layers of 512 experts take, whose three matrices are a
     * tensor each. The longest string that we write may be one of config.json, of 8 MiB.
     */
    private static final JsonBound MAX_JSON = new JsonBound(64 << 20, 6_000_000, 16 << 20);

    public Manifest {
        tensors = List.copyOf(tensors);
        sources = List.copyOf(sources);
    }

    public Manifest withResults(List<StoredTensor> measured, List<SourceFile> hashed) {
        return new Manifest(tool, config, generationConfig, hasTokenizer, measured, hashed, options);
    }

    /** The document as compact JSON text. */
    public String toJson() {
        ObjectNode root = Json.object();
        root.put("tool", tool);
        root.set("config", config);
        generationConfig.ifPresent(g -> root.set("generation_config", g));
        if (hasTokenizer) {
            root.putObject("tokenizer").put("tensor", IngotFormat.TOKENIZER);
        }
        ArrayNode list = root.putArray("tensors");
        for (StoredTensor t : tensors) {
            ObjectNode entry = list.addObject();
            entry.put("name", t.name());
            ArrayNode shape = entry.putArray("shape");
            for (long d : t.shape().dims()) {
                shape.add(d);
            }
            entry.set("layout", t.layout().toJson());
            ArrayNode parts = entry.putArray("parts");
            t.parts().forEach(parts::add);
            entry.putRawValue("nmse", new RawValue(fixedWidth(t.nmse())));
        }
        ObjectNode provenance = root.putObject("provenance");
        ArrayNode files = provenance.putArray("sources");
        for (SourceFile s : sources) {
            files.addObject().put("file", s.name()).put("bytes", s.bytes()).put("sha256", s.sha256());
        }
        provenance.set("options", options);
        ObjectNode promises = root.putObject("promises");
        promises.put("alignment", IngotFormat.ALIGNMENT);
        promises.put("order", "forward");
        promises.put("checksums", IngotFormat.CHECKSUMS);
        return Json.compact(root);
    }

    /** A JSON number of ten characters; what five digits cannot hold is clamped. */
    static String fixedWidth(double nmse) {
        double clamped = Double.isNaN(nmse) || nmse > 9.9999e99 ? 9.9999e99 : nmse < 1e-99 ? 0 : nmse;
        return String.format(Locale.ROOT, "%.4e", clamped);
    }

    /** Reads the document back, strictly. */
    static Manifest parse(String json, Path file) {
        Reader r = new Reader(file);
        List<StoredTensor> tensors = new ArrayList<>();
        // Nearly all of the document: as a tree they would take three times what is made of them.
        var entries = new Json.Elements("tensors", entry -> tensors.add(r.tensor(entry)));
        ObjectNode root = Json.parseObject(json.getBytes(StandardCharsets.UTF_8), file, MAX_JSON, entries);
        r.array(root, "tensors");
        JsonNode provenance = r.object(root, "provenance");
        List<SourceFile> sources = new ArrayList<>();
        for (JsonNode entry : r.array(provenance, "sources")) {
            sources.add(new SourceFile(r.text(entry, "file"), r.number(entry, "bytes"), r.hash(entry)));
        }
        return new Manifest(
                r.text(root, "tool"),
                r.object(root, "config"),
                root.has("generation_config") ? Optional.of(r.object(root, "generation_config")) : Optional.empty(),
                root.has("tokenizer"),
                tensors,
                sources,
                r.object(provenance, "options"));
    }

    /** Typed access to the document's fields; every miss is one clear line. */
    private record Reader(Path file) {
        IngotException.BadData bad(String key, String expected) {
            return IngotException.BadData.in(file, "manifest: " + key + " is not " + expected);
        }

        ObjectNode object(JsonNode node, String key) {
            if (node.get(key) instanceof ObjectNode o) {
                return o;
            }
            throw bad(key, "an object");
        }

        ArrayNode array(JsonNode node, String key) {
            if (node.get(key) instanceof ArrayNode a) {
                return a;
            }
            throw bad(key, "an array");
        }

        String text(JsonNode node, String key) {
            JsonNode v = node.path(key);
            if (v.isString()) {
                return v.stringValue();
            }
            throw bad(key, "a string");
        }

        String hash(JsonNode node) {
            String hash = text(node, "sha256");
            if (!hash.matches("[0-9a-f]{64}")) {
                throw bad("sha256", "64 lower-case hexadecimal digits");
            }
            return hash;
        }

        long number(JsonNode node, String key) {
            JsonNode v = node.path(key);
            if (v.isIntegralNumber() && v.canConvertToLong() && v.longValue() >= 0) {
                return v.longValue();
            }
            throw bad(key, "a number from 0 to 2^63-1");
        }

        StoredTensor tensor(JsonNode entry) {
            String name = text(entry, "name");
            TensorNames.require(name, file);
            ArrayNode dims = array(entry, "shape");
            long[] shape = new long[dims.size()];
            for (int i = 0; i < shape.length; i++) {
                JsonNode d = dims.get(i);
                if (!d.isIntegralNumber() || !d.canConvertToLong() || d.longValue() < 0) {
                    throw bad("shape of " + Text.quote(name), "a list of sizes");
                }
                shape[i] = d.longValue();
            }
            List<String> parts = new ArrayList<>();
            for (JsonNode part : array(entry, "parts")) {
                if (!part.isString()) {
                    throw bad("parts of " + Text.quote(name), "a list of tensor names");
                }
                parts.add(part.stringValue());
            }
            Layout layout = Layout.parse(object(entry, "layout"), file, name);
            JsonNode nmse = entry.path("nmse");
            try {
                return new StoredTensor(name, new Shape(shape), layout, parts, nmse.isNumber() ? Json.number(nmse) : 0);
            } catch (ArithmeticException e) {
                throw bad("shape of " + Text.quote(name), "small enough");
            }
        }
    }
}
