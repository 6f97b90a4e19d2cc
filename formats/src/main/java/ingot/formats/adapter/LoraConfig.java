package ingot.formats.adapter;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.io.Folders;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import ingot.formats.json.ObjectFields;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * adapter_config.json of PEFT (reference: {@code peft/tuners/lora/config.py}).
 *
 * @param rank r where no pattern says otherwise
 * @param alpha lora_alpha where no pattern says otherwise
 * @param rankStabilized scaling alpha ÷ √r instead of alpha ÷ r
 * @param fanInFanOut whether the base is said to store its linear weights as [in, out]; no Qwen does
 * @param ranks r by the end of a module's name
 * @param alphas lora_alpha by the end of a module's name
 */
public record LoraConfig(
        int rank,
        double alpha,
        boolean rankStabilized,
        boolean fanInFanOut,
        Map<String, Integer> ranks,
        Map<String, Double> alphas) {
    private static final String FILE = "adapter_config.json";
    private static final int MAX_RANK = 4096;

    /** Settings that change what is computed, each with what it is; only false, null and empty leave LoRA as it is here. */
    private static final Map<String, String> REFUSED = Map.of(
            "use_dora", "DoRA",
            "use_qalora", "QALoRA",
            "lora_bias", "a bias in lora_B",
            "layer_replication", "layer replication",
            "alora_invocation_tokens", "activated LoRA",
            "trainable_token_indices", "trainable token indices",
            "target_parameters", "adapters on bare parameters");

    /** Each is compared with each module; adapters have one for each layer at most. */
    private static final int MAX_PATTERNS = 1000;

    /** Initializations that leave the base weights as they were published. */
    private static final Set<String> INITIALIZATIONS = Set.of("gaussian", "eva", "orthogonal");

    public LoraConfig {
        // The order of the file decides between two keys that match.
        ranks = Collections.unmodifiableMap(new LinkedHashMap<>(ranks));
        alphas = Collections.unmodifiableMap(new LinkedHashMap<>(alphas));
    }

    /**
     * @throws IngotException.MissingInput when the folder has no adapter_config.json
     * @throws IngotException.ConfigMismatch for another kind of adapter, by name
     */
    static LoraConfig read(Path folder) {
        Path file = Folders.companion(folder, FILE);
        if (!Files.exists(file)) {
            throw new IngotException.MissingInput(
                    Text.path(file) + ": no such file; an adapter folder has it beside adapter_model.safetensors");
        }
        ObjectFields fields = new ObjectFields(Json.readObject(file, JsonBound.CONFIG), file, "");
        String type = fields.text("peft_type").orElse("LORA");
        if (!type.toUpperCase(Locale.ROOT).equals("LORA")) {
            throw fields.unsupported("peft_type", Text.quote(type) + " is not supported; expected LORA");
        }
        for (String name : REFUSED.keySet().stream().sorted().toList()) {
            if (fields.get(name).filter(LoraConfig::isSet).isPresent()) {
                throw fields.unsupported(
                        name,
                        REFUSED.get(name) + " is not supported; merge the adapter with PEFT and convert the result");
            }
        }
        requireKnownInitialization(fields);
        return new LoraConfig(
                fields.integer("r", 1, MAX_RANK).orElse(8),
                fields.number("lora_alpha").orElse(8.0),
                fields.flag("use_rslora", false),
                fields.flag("fan_in_fan_out", false),
                pattern(fields, "rank_pattern", (f, key) -> f.requireInteger(key, 1, MAX_RANK)),
                pattern(
                        fields,
                        "alpha_pattern",
                        (f, key) -> f.number(key).orElseThrow(() -> f.bad(key, "null; expected a number"))));
    }

    private static boolean isSet(JsonNode value) {
        boolean isFalse = value.isBoolean() && !value.booleanValue();
        return !isFalse && !(value.isContainer() && value.isEmpty());
    }

    /** PiSSA, OLoRA, CorDA and LoftQ take a part out of the base weights before training. */
    private static void requireKnownInitialization(ObjectFields fields) {
        fields.get("init_lora_weights")
                .filter(v -> !v.isBoolean())
                .filter(v -> !v.isString() || !INITIALIZATIONS.contains(v.stringValue()))
                .ifPresent(v -> {
                    throw fields.unsupported(
                            "init_lora_weights",
                            ObjectFields.show(v) + " belongs to a changed base model; merge the adapter with PEFT");
                });
    }

    private interface Value<T> {
        T read(ObjectFields fields, String key);
    }

    /**
     * PEFT matches keys as regular expressions at the end of a module's name. Files hold plain names; an expression from a
     * file is not compiled but refused.
     */
    private static <T> Map<String, T> pattern(ObjectFields fields, String name, Value<T> value) {
        Map<String, T> found = new LinkedHashMap<>();
        Optional<ObjectFields> object = fields.object(name);
        List<String> keys =
                object.map(o -> List.copyOf(o.node().propertyNames())).orElse(List.of());
        if (keys.size() > MAX_PATTERNS) {
            throw fields.unsupported(name, keys.size() + " keys; at most " + MAX_PATTERNS + " are accepted");
        }
        for (String key : keys) {
            if (!key.matches("[A-Za-z0-9_.-]{1,500}")) {
                throw fields.unsupported(name, Text.quote(key) + " is not the name of a module or the end of one");
            }
            found.put(key, value.read(object.orElseThrow(), key));
        }
        return found;
    }

    private static boolean isEnd(String key, String module) {
        int dot = module.length() - key.length() - 1;
        return module.endsWith(key) && (dot < 0 || module.charAt(dot) == '.');
    }

    int rank(String module) {
        return match(ranks, module).orElse(rank);
    }

    /** What multiplies B·A: alpha ÷ r, or alpha ÷ √r. */
    double scaling(String module) {
        double a = match(alphas, module).orElse(alpha);
        return rankStabilized ? a / Math.sqrt(rank(module)) : a / rank(module);
    }

    /** The first key, in the order of the file, that is the whole name or follows a dot in it, as {@code get_pattern_key}. */
    private static <T> Optional<T> match(Map<String, T> patterns, String module) {
        return patterns.entrySet().stream()
                .filter(e -> isEnd(e.getKey(), module))
                .map(Map.Entry::getValue)
                .findFirst();
    }
}
