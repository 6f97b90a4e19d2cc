package ingot.tests.hostile;

import ingot.formats.io.Folders;
import ingot.formats.json.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import tools.jackson.databind.node.ObjectNode;

/**
 * The smallest complete Qwen2 checkpoint, of awkward sizes, written without Ingot's own writer, so that one thing about it
 * can be made wrong at a time: its configuration, its tensors, the text of its header, its data.
 */
public final class TinyModel {
    static final String EMBED = "model.embed_tokens.weight";
    static final String NORM = "model.norm.weight";
    static final String GATE = "model.layers.0.mlp.gate_proj.weight";
    static final int HIDDEN = 6;
    private static final int INNER = 5;
    private static final int KV = 2;

    /** A tensor as stored. */
    record Stored(String dtype, String shape, byte[] data) {}

    private final ObjectNode config = Json.object();
    private final SequencedMap<String, Stored> tensors = new LinkedHashMap<>();
    private final SequencedMap<String, float[]> values = new LinkedHashMap<>();
    private UnaryOperator<String> headerEdit = h -> h;
    private UnaryOperator<byte[]> dataEdit = d -> d;

    public TinyModel() {
        this(7);
    }

    public TinyModel(int vocab) {
        this(vocab, 1);
    }

    public TinyModel(int vocab, int layers) {
        config.put("model_type", "qwen2");
        config.putArray("architectures").add("Qwen2ForCausalLM");
        config.put("hidden_size", HIDDEN);
        config.put("intermediate_size", INNER);
        config.put("num_hidden_layers", layers);
        config.put("num_attention_heads", 3);
        config.put("num_key_value_heads", 1);
        config.put("vocab_size", vocab);
        config.put("max_position_embeddings", 64);
        config.put("tie_word_embeddings", false);
        weight(EMBED, vocab, HIDDEN);
        weight(NORM, HIDDEN);
        for (int i = 0; i < layers; i++) {
            layer("model.layers." + i + ".");
        }
        weight("lm_head.weight", vocab, HIDDEN);
    }

    private void layer(String layer) {
        weight(layer + "input_layernorm.weight", HIDDEN);
        weight(layer + "self_attn.q_proj.weight", HIDDEN, HIDDEN);
        weight(layer + "self_attn.q_proj.bias", HIDDEN);
        weight(layer + "self_attn.k_proj.weight", KV, HIDDEN);
        weight(layer + "self_attn.k_proj.bias", KV);
        weight(layer + "self_attn.v_proj.weight", KV, HIDDEN);
        weight(layer + "self_attn.v_proj.bias", KV);
        weight(layer + "self_attn.o_proj.weight", HIDDEN, HIDDEN);
        weight(layer + "post_attention_layernorm.weight", HIDDEN);
        weight(layer + "mlp.gate_proj.weight", INNER, HIDDEN);
        weight(layer + "mlp.up_proj.weight", INNER, HIDDEN);
        weight(layer + "mlp.down_proj.weight", HIDDEN, INNER);
    }

    /** Adds or replaces a tensor by values that are exact in every floating-point type. */
    private void weight(String name, int... shape) {
        float[] w = new float[IntStream.of(shape).reduce(1, Math::multiplyExact)];
        for (int i = 0; i < w.length; i++) {
            w[i] = ((i * 37 + name.length() * 11) % 101 - 50) / 64f;
        }
        floats(name, w, IntStream.of(shape).asLongStream().toArray());
    }

    /** Adds or replaces an F32 tensor. */
    TinyModel floats(String name, float[] w, long... shape) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * w.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(w);
        values.put(name, w.clone());
        return tensor(name, "F32", shape(shape), bytes.array());
    }

    /** Replaces single values of a weight. */
    TinyModel set(String name, Consumer<float[]> edit) {
        float[] w = value(name).clone();
        edit.accept(w);
        return floats(name, w, parse(stored(name).shape()));
    }

    /** Stores a weight with two bytes per value. */
    TinyModel sixteenBits(String name, String dtype, short... bits) {
        ByteBuffer bytes = ByteBuffer.allocate(2 * bits.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asShortBuffer().put(bits);
        return tensor(name, dtype, stored(name).shape(), bytes.array());
    }

    /** Adds or replaces a tensor of any kind; {@code shape} is JSON. */
    TinyModel tensor(String name, String dtype, String shape, byte[] data) {
        tensors.put(name, new Stored(dtype, shape, data));
        return this;
    }

    TinyModel without(String name) {
        stored(name);
        tensors.remove(name);
        values.remove(name);
        return this;
    }

    TinyModel config(Consumer<ObjectNode> edit) {
        edit.accept(config);
        return this;
    }

    /** Replaces text of the header, which must be there. */
    TinyModel header(String from, String to) {
        return header(h -> swap(h, from, to));
    }

    TinyModel header(UnaryOperator<String> edit) {
        headerEdit = edit;
        return this;
    }

    TinyModel data(UnaryOperator<byte[]> edit) {
        dataEdit = edit;
        return this;
    }

    /** The weights by name, as they must come out. */
    Map<String, float[]> values() {
        return values;
    }

    float[] value(String name) {
        return require(values.get(name), name);
    }

    Stored stored(String name) {
        return require(tensors.get(name), name);
    }

    SequencedMap<String, Stored> tensors() {
        return tensors;
    }

    String configJson() {
        return Json.compact(config);
    }

    /** The header's JSON, before any edit. */
    static String headerJson(Map<String, Stored> tensors) {
        StringBuilder json = new StringBuilder("{");
        long at = 0;
        for (var entry : tensors.entrySet()) {
            Stored t = entry.getValue();
            long end = at + t.data().length;
            json.append(json.length() > 1 ? "," : "")
                    .append(Json.compact(Json.array().add(entry.getKey())));
            // A name inside an array is the cheapest way to have it escaped.
            json.deleteCharAt(json.lastIndexOf("[")).deleteCharAt(json.length() - 1);
            json.append(entry(t.dtype(), t.shape(), at + "," + end));
            at = end;
        }
        return json.append('}').toString();
    }

    /** {@code :{"dtype":…,"shape":…,"data_offsets":[…]}}. */
    static String entry(String dtype, String shape, String offsets) {
        return ":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":[" + offsets + "]}";
    }

    /** A safetensors file: length, header, data. */
    static byte[] file(long n, byte[] header, byte[] data) {
        ByteBuffer out = ByteBuffer.allocate(8 + header.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
        return out.putLong(n).put(header).put(data).array();
    }

    static byte[] file(String header, byte[] data) {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return file(json.length, json, data);
    }

    static byte[] data(Map<String, Stored> tensors) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        tensors.values().forEach(t -> out.writeBytes(t.data()));
        return out.toByteArray();
    }

    /** The weights' file with every edit made. */
    byte[] weightsFile() {
        return file(headerEdit.apply(headerJson(tensors)), dataEdit.apply(data(tensors)));
    }

    /** Writes config.json and model.safetensors; returns the folder. */
    public Path write(Path folder) throws IOException {
        return write(folder, weightsFile());
    }

    /** Writes config.json and other bytes as model.safetensors; returns the folder. */
    public Path write(Path folder, byte[] weights) throws IOException {
        writeConfig(folder);
        Files.write(folder.resolve("model.safetensors"), weights);
        return folder;
    }

    /** Writes config.json, and each tensor into a file of its own with an index over them; returns the folder. */
    public Path writeShards(Path folder) throws IOException {
        writeConfig(folder);
        ObjectNode map = Json.object();
        for (var tensor : tensors.entrySet()) {
            shard(folder.resolve("shard-" + map.size() + ".safetensors"), Map.ofEntries(tensor), map);
        }
        ObjectNode index = Json.object();
        index.set("weight_map", map);
        Files.writeString(folder.resolve("model.safetensors.index.json"), Json.compact(index));
        return folder;
    }

    /** Writes tensors to a file, and to the map of an index that they are there. */
    static void shard(Path file, Map<String, Stored> tensors, ObjectNode map) throws IOException {
        Files.write(file, file(headerJson(tensors), data(tensors)));
        tensors.keySet().forEach(name -> map.put(name, Folders.name(file)));
    }

    void writeConfig(Path folder) throws IOException {
        Files.writeString(folder.resolve("config.json"), configJson());
    }

    static String swap(String text, String from, String to) {
        if (!text.contains(from)) {
            throw new IllegalArgumentException(from + " is not in " + text);
        }
        return text.replace(from, to);
    }

    private static String shape(long... dims) {
        return LongStream.of(dims).mapToObj(Long::toString).collect(Collectors.joining(",", "[", "]"));
    }

    private static long[] parse(String shape) {
        return java.util.Arrays.stream(shape.substring(1, shape.length() - 1).split(","))
                .mapToLong(Long::parseLong)
                .toArray();
    }

    private static <T> T require(@org.jspecify.annotations.Nullable T value, String name) {
        if (value == null) {
            throw new IllegalArgumentException("no tensor " + name);
        }
        return value;
    }
}
