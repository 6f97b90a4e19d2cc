package ingot.formats.hf;

import ingot.formats.json.Json;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Sampling settings a model recommends (generation_config.json), neutral where it says nothing.
 *
 * @param eosIds tokens that end a text
 * @param bosId first token of a text, if the model names one
 * @param doSample whether to sample at all; greedy otherwise
 * @param topK 0 keeps all
 */
public record GenerationDefaults(
        Set<Integer> eosIds,
        OptionalInt bosId,
        boolean doSample,
        double temperature,
        double topP,
        int topK,
        double repetitionPenalty) {
    public GenerationDefaults {
        eosIds = Set.copyOf(eosIds);
    }

    /**
     * Reads generation_config.json. Advice does not change what a model computes, so a setting that makes no sense is
     * dropped rather than refused. Token ids missing there come from config.json.
     */
    public static GenerationDefaults read(Optional<ObjectNode> generation, ObjectNode config) {
        ObjectNode node = generation.orElseGet(Json::object);
        Set<Integer> eos = ids(node.get("eos_token_id"));
        if (eos.isEmpty()) {
            eos = ids(modelSetting(config, "eos_token_id"));
        }
        if (node.get("stop_words_ids") instanceof ArrayNode stops) {
            // The first Qwen lists sequences of tokens; those of one token are ends of text.
            for (JsonNode stop : stops) {
                if (stop.isArray() && stop.size() == 1) {
                    addId(stop.get(0), eos);
                }
            }
        }
        Set<Integer> bos = ids(node.get("bos_token_id"));
        if (bos.isEmpty()) {
            bos = ids(modelSetting(config, "bos_token_id"));
        }
        JsonNode sample = node.get("do_sample");
        double temperature = number(node, "temperature", 1, 0, 1e3);
        return new GenerationDefaults(
                eos,
                bos.isEmpty()
                        ? OptionalInt.empty()
                        : OptionalInt.of(bos.iterator().next()),
                sample != null && sample.isBoolean() && sample.booleanValue() && temperature > 0,
                temperature,
                number(node, "top_p", 1, 1e-9, 1),
                // 50 is the reference's own default when it samples and the file is silent.
                (int) number(node, "top_k", 50, 0, Integer.MAX_VALUE),
                number(node, "repetition_penalty", 1, 1e-3, 1e3));
    }

    /** A field of config.json; composite files have those of the decoder in {@code text_config}. */
    private static @Nullable JsonNode modelSetting(ObjectNode config, String name) {
        JsonNode value = config.get(name);
        return value == null && config.get("text_config") instanceof ObjectNode text ? text.get(name) : value;
    }

    private static Set<Integer> ids(@Nullable JsonNode value) {
        Set<Integer> ids = new TreeSet<>();
        if (value != null && value.isArray()) {
            value.forEach(v -> addId(v, ids));
        } else if (value != null) {
            addId(value, ids);
        }
        return ids;
    }

    private static void addId(JsonNode value, Set<Integer> ids) {
        if (value.isIntegralNumber() && value.canConvertToInt() && value.intValue() >= 0) {
            ids.add(value.intValue());
        }
    }

    private static double number(ObjectNode node, String name, double fallback, double min, double max) {
        JsonNode value = node.get(name);
        double number = value == null ? Double.NaN : Json.number(value);
        return number >= min && number <= max ? number : fallback;
    }
}
