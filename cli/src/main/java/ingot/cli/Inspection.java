package ingot.cli;

import ingot.formats.Progress;
import ingot.formats.Shape;
import ingot.formats.TensorInfo;
import ingot.formats.TensorSource;
import ingot.formats.json.Json;
import ingot.formats.tokenizer.TokenizerData;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Collection;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What {@code ingot inspect} says of a file or folder, being put together: the fields that several formats have.
 *
 * @param verify whether every byte is read
 * @param root the JSON so far
 */
record Inspection(Path path, boolean verify, Progress progress, ObjectNode root) {
    Inspection(Path path, boolean verify, Progress progress) {
        this(path, verify, progress, Json.object());
    }

    void start(String format, long bytes) {
        root.put("format", format);
        root.put("path", path.toString());
        root.put("bytes", bytes);
    }

    void architecture(ObjectNode config) {
        JsonNode names = config.get("architectures");
        String name = names != null && names.isArray() && !names.isEmpty()
                ? names.get(0).asString("")
                : "";
        if (name.isEmpty()) {
            root.putNull("architecture");
        } else {
            root.put("architecture", name);
        }
        JsonNode type = config.get("model_type");
        if (type != null && type.isString()) {
            root.put("model_type", type.stringValue());
        }
    }

    void sums(Collection<TensorInfo> tensors) {
        long parameters = 0;
        long bytes = 0;
        for (TensorInfo t : tensors) {
            if (t.dtype().floating()) {
                parameters = Math.addExact(parameters, t.shape().count());
                bytes = Math.addExact(bytes, t.bytes());
            }
        }
        totals(parameters, bytes);
    }

    void totals(long parameters, long bytes) {
        root.put("parameters", parameters);
        root.put("bits_per_weight", parameters == 0 ? 0 : 8.0 * bytes / parameters);
    }

    void tokenizer(TokenizerData data) {
        root.putObject("tokenizer")
                .put("kind", "byte-level BPE")
                .put("vocabulary", data.vocabularySize())
                .put("added_tokens", data.addedTokens().size())
                .put("chat_template", data.config().chatTemplate() != null);
    }

    /**
     * Reading every byte proves that the disk gives them, and where the file has checksums that they are right.
     *
     * @param checksums whether there are any
     */
    void readAll(TensorSource source, boolean checksums) {
        root.put("checksums", checksums ? verify ? "verified" : "present" : "none");
        if (!verify) {
            return;
        }
        ByteBuffer buffer = ByteBuffer.allocate(1 << 20);
        long total =
                source.tensors().values().stream().mapToLong(TensorInfo::bytes).sum();
        long done = 0;
        for (TensorInfo t : source.tensors().values()) {
            for (long at = 0; at < t.bytes(); ) {
                int n = (int) Math.min(buffer.capacity(), t.bytes() - at);
                source.read(t, at, MemorySegment.ofBuffer(buffer.clear().limit(n)));
                at += n;
                done += n;
                progress.step("reading", done, total, Progress.Unit.BYTES);
            }
        }
    }

    void tensors(Collection<TensorInfo> tensors) {
        ArrayNode list = root.putArray("tensors");
        tensors.forEach(t -> list(list, t));
    }

    static void list(ArrayNode list, TensorInfo t) {
        place(tensor(list, t.name(), t.dtype().label(), t.shape()), t.bytes(), t.file(), t.offset());
    }

    static ObjectNode tensor(ArrayNode list, String name, String dtype, Shape shape) {
        ObjectNode node = list.addObject();
        node.put("name", name);
        node.put("dtype", dtype);
        ArrayNode dims = node.putArray("shape");
        for (long d : shape.dims()) {
            dims.add(d);
        }
        return node;
    }

    static void place(ObjectNode node, long bytes, Path file, long offset) {
        node.put("bytes", bytes);
        node.put("file", file.toString());
        node.put("offset", offset);
    }
}
