package ingot.tests.hostile;

import static ingot.tests.hostile.HostileCase.accept;
import static ingot.tests.hostile.HostileCase.bad;
import static ingot.tests.hostile.HostileCase.mismatch;
import static ingot.tests.hostile.HostileCase.missing;

import ingot.formats.json.Json;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

/** config.json and generation_config.json: absent, damaged, of wrong types, out of bounds, contradicting themselves. */
final class ConfigCases {
    private static final String FILE = "config\\.json: ";

    private ConfigCases() {}

    static List<HostileCase> all() {
        return Stream.of(files(), types(), bounds(), contradictions(), rope(), generation())
                .flatMap(List::stream)
                .toList();
    }

    private static List<HostileCase> files() {
        return List.of(
                missing("config-missing", FILE + "no such file", f -> {
                    new TinyModel().write(f);
                    Files.delete(f.resolve("config.json"));
                    return f;
                }),
                missing("config-weights-missing", "no weights here \\(model\\.safetensors, ", f -> {
                    new TinyModel().writeConfig(f);
                    return f;
                }),
                missing("config-folder-missing", "no such file or folder", f -> f.resolve("nothing")),
                missing("config-weights-link-dangles", "model\\.safetensors: no such file", f -> {
                    new TinyModel().writeConfig(f);
                    Files.createSymbolicLink(f.resolve("model.safetensors"), f.resolve("nowhere"));
                    return f;
                }),
                text("config-empty-file", "malformed JSON|JSON root is not an object", ""),
                text("config-is-a-list", "JSON root is not an object", "[]"),
                text("config-is-null", "JSON root is not an object", "null"),
                text("config-two-documents", "@\\d+: malformed JSON", "{}{}"),
                text("config-byte-order-mark", "byte-order mark", "\ufeff{}"),
                text("config-duplicate-key", "[Dd]uplicate", "{\"a\":1,\"a\":1}"),
                text("config-nested-100000-deep", "malformed JSON.*depth", "{\"a\":" + "[".repeat(100_000)),
                text("config-number-of-1000-digits", "malformed JSON", "{\"a\":" + "9".repeat(1000) + "}"),
                text("config-of-9-MB", "bytes; at most \\d+ are accepted", "{}" + " ".repeat(9 << 20)),
                bytes("config-invalid-utf8", "@2: JSON is not valid UTF-8", new byte[] {'{', '"', (byte) 0xFF, '"', '}'
                }),
                bytes("config-utf16", "JSON is not valid UTF-8", "\ufeff{}".getBytes(StandardCharsets.UTF_16LE)),
                // Half of the bytes are NUL, which UTF-8 allows.
                bytes(
                        "config-utf16-le-without-mark",
                        "@\\d+: malformed JSON",
                        "{}".getBytes(StandardCharsets.UTF_16LE)),
                bytes(
                        "config-utf16-be-without-mark",
                        "@\\d+: malformed JSON",
                        "{}".getBytes(StandardCharsets.UTF_16BE)),
                bytes(
                        "config-utf32-without-mark",
                        "@\\d+: malformed JSON",
                        "{}".getBytes(Charset.forName("UTF-32BE"))));
    }

    private static List<HostileCase> types() {
        return List.of(
                field("config-size-as-text", "'hidden_size': '6'; expected an integer", c -> c.put("hidden_size", "6")),
                field(
                        "config-size-as-float",
                        "'hidden_size': '6.0'; expected an integer",
                        c -> c.put("hidden_size", new java.math.BigDecimal("6.0"))),
                field("config-size-null", "'hidden_size': missing", c -> c.putNull("hidden_size")),
                field("config-size-missing", "'vocab_size': missing", c -> c.remove("vocab_size")),
                field(
                        "config-size-list",
                        "'num_hidden_layers': '\\[1\\]'",
                        c -> c.putArray("num_hidden_layers").add(1)),
                field(
                        "config-flag-as-text",
                        "'tie_word_embeddings': 'yes'; expected true or false",
                        c -> c.put("tie_word_embeddings", "yes")),
                field("config-type-as-number", "'model_type': '2'; expected a string", c -> c.put("model_type", 2)),
                field(
                        "config-architectures-text",
                        "'architectures': .*expected a list of strings",
                        c -> c.put("architectures", "Qwen2ForCausalLM")),
                field(
                        "config-eps-as-text",
                        "'rms_norm_eps': 'small'; expected a number",
                        c -> c.put("rms_norm_eps", "small")),
                field(
                        "config-text-with-escape-sequence",
                        "'hidden_size': '\\\\u001b\\[31m'",
                        c -> c.put("hidden_size", "\u001b[31m")),
                contradiction("config-model-type-missing", "no 'model_type'", c -> c.remove("model_type")),
                contradiction(
                        "config-model-type-unknown",
                        "model_type 'gpt2' is not supported",
                        c -> c.put("model_type", "gpt2")),
                contradiction(
                        "config-architecture-unknown",
                        "'architectures': .*is not supported",
                        c -> c.putArray("architectures").add("Qwen2ForSequenceClassification")),
                contradiction(
                        "config-activation-unknown",
                        "'hidden_act': 'relu' is not supported",
                        c -> c.put("hidden_act", "relu")),
                contradiction(
                        "config-quantized",
                        "quantization_config.quant_method",
                        c -> c.putObject("quantization_config")));
    }

    private static List<HostileCase> bounds() {
        return List.of(
                field("config-size-negative", "'hidden_size': '-6'", c -> c.put("hidden_size", -6)),
                field("config-size-0", "'intermediate_size': '0'", c -> c.put("intermediate_size", 0)),
                field(
                        "config-layers-2^31",
                        "'num_hidden_layers': '2147483648'",
                        c -> c.put("num_hidden_layers", 1L << 31)),
                field(
                        "config-layers-1000000",
                        "'num_hidden_layers': '1000000'",
                        c -> c.put("num_hidden_layers", 1_000_000)),
                field("config-vocabulary-2^40", "'vocab_size': '1099511627776'", c -> c.put("vocab_size", 1L << 40)),
                field("config-heads-0", "'num_attention_heads': '0'", c -> c.put("num_attention_heads", 0)),
                field(
                        "config-heads-huge",
                        "'num_attention_heads': '2147483647'",
                        c -> c.put("num_attention_heads", Integer.MAX_VALUE)),
                field("config-kv-heads-negative", "'num_key_value_heads': '-1'", c -> c.put("num_key_value_heads", -1)),
                field("config-head-dim-huge", "'head_dim': '1000000'", c -> c.put("head_dim", 1_000_000)),
                field("config-eps-0", "'rms_norm_eps': '0'", c -> c.put("rms_norm_eps", 0)),
                field(
                        "config-eps-infinite",
                        "'rms_norm_eps': '1E\\+999999999'",
                        c -> c.put("rms_norm_eps", new java.math.BigDecimal("1e999999999"))),
                field(
                        "config-positions-negative",
                        "'max_position_embeddings': '-64'",
                        c -> c.put("max_position_embeddings", -64)),
                field("config-theta-0", "'rope_theta': '0'", c -> c.put("rope_theta", 0)),
                contradiction("config-as-large-as-allowed", "shape \\[7, 6\\] contradicts config\\.json", c -> {
                    c.put("hidden_size", 1 << 20);
                    c.put("num_attention_heads", 1 << 10);
                    c.put("num_hidden_layers", 1000);
                }));
    }

    private static List<HostileCase> contradictions() {
        return List.of(
                contradiction(
                        "config-kv-heads-do-not-divide",
                        "'num_key_value_heads': 2 does not divide num_attention_heads 3",
                        c -> c.put("num_key_value_heads", 2)),
                contradiction(
                        "config-more-kv-heads-than-heads",
                        "'num_key_value_heads': 6 does not divide num_attention_heads 3",
                        c -> c.put("num_key_value_heads", 6)),
                contradiction(
                        "config-heads-do-not-divide",
                        "'num_attention_heads': 4 does not divide hidden_size 6",
                        c -> c.put("num_attention_heads", 4)),
                contradiction("config-head-dim-odd", "'head_dim': 3 is odd", c -> c.put("head_dim", 3)),
                contradiction(
                        "config-layer-types-too-many",
                        "'layer_types': expected a list of 1",
                        c -> c.putArray("layer_types").add("full_attention").add("full_attention")),
                contradiction(
                        "config-layer-types-unknown",
                        "'layer_types': 'linear_attention' is not supported",
                        c -> c.putArray("layer_types").add("linear_attention")),
                contradiction(
                        "config-window-without-size",
                        "'layer_types': 'sliding_attention' without use_sliding_window",
                        c -> c.putArray("layer_types").add("sliding_attention")));
    }

    private static List<HostileCase> rope() {
        return List.of(
                contradiction(
                        "config-rope-type-unknown",
                        "'rope_scaling.rope_type': 'llama3' is not supported",
                        c -> c.putObject("rope_scaling").put("rope_type", "llama3")),
                contradiction(
                        "config-rope-older-type-unknown",
                        "'rope_scaling.type': 'mrope' is not supported",
                        c -> c.putObject("rope_scaling").put("type", "mrope")),
                contradiction(
                        "config-rope-setting-unknown",
                        "'rope_scaling.short_factor': unknown rotary setting",
                        c -> c.putObject("rope_scaling")
                                .put("type", "linear")
                                .put("factor", 2)
                                .putArray("short_factor")),
                field(
                        "config-rope-as-text",
                        "'rope_scaling': 'yarn'; expected an object",
                        c -> c.put("rope_scaling", "yarn")),
                field(
                        "config-rope-factor-missing",
                        "'rope_scaling.factor': missing",
                        c -> c.putObject("rope_scaling").put("type", "linear")),
                field(
                        "config-rope-factor-negative",
                        "'rope_scaling.factor': '-2'",
                        c -> c.putObject("rope_scaling").put("type", "linear").put("factor", -2)),
                field(
                        "config-rope-factor-as-text",
                        "'rope_scaling.factor': '2'",
                        c -> c.putObject("rope_scaling").put("type", "linear").put("factor", "2")),
                contradiction("config-rope-twice", "'rope_scaling': contradicts 'rope_parameters'", c -> {
                    c.putObject("rope_scaling").put("type", "linear").put("factor", 2);
                    c.putObject("rope_parameters").put("rope_type", "default");
                }));
    }

    private static List<HostileCase> generation() {
        return List.of(
                bad("generation-not-json", "generation_config\\.json: @\\d+: malformed JSON", f -> {
                    Files.writeString(f.resolve("generation_config.json"), "temperature=1");
                    return new TinyModel().write(f);
                }),
                bad("generation-is-a-list", "generation_config\\.json: JSON root is not an object", f -> {
                    Files.writeString(f.resolve("generation_config.json"), "[]");
                    return new TinyModel().write(f);
                }),
                // Advice, not arithmetic: what makes no sense is dropped.
                accept("generation-of-nonsense", f -> {
                    ObjectNode node = Json.object()
                            .put("temperature", -1)
                            .put("top_k", "many")
                            .put("eos_token_id", -5);
                    Files.writeString(f.resolve("generation_config.json"), Json.compact(node));
                    return new TinyModel().write(f);
                }),
                accept(
                        "config-unknown-keys",
                        f -> new TinyModel()
                                .config(c -> c.put("\u001b[31m", "\u0000")
                                        .putObject("auto_map")
                                        .put("AutoModel", "evil.Model"))
                                .write(f)));
    }

    private static HostileCase text(String name, String message, String config) {
        return bytes(name, message, config.getBytes(StandardCharsets.UTF_8));
    }

    private static HostileCase bytes(String name, String message, byte[] config) {
        return bad(name, FILE + ".*(" + message + ")", f -> {
            new TinyModel().write(f);
            Files.write(f.resolve("config.json"), config);
            return f;
        });
    }

    private static HostileCase field(String name, String message, Consumer<ObjectNode> edit) {
        return bad(name, FILE + message, f -> new TinyModel().config(edit).write(f));
    }

    private static HostileCase contradiction(String name, String message, Consumer<ObjectNode> edit) {
        return mismatch(name, message, f -> new TinyModel().config(edit).write(f));
    }
}
