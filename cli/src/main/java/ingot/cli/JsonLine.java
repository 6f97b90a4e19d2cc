package ingot.cli;

import ingot.formats.IngotException;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import java.nio.file.Path;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One object of a JSON-lines input.
 *
 * @param position named in errors
 */
record JsonLine(ObjectNode node, String position) {
    static JsonLine parse(byte[] line, String position) {
        return new JsonLine(Json.parseObject(line, Path.of(position), JsonBound.INPUT), position);
    }

    boolean has(String key) {
        return node.get(key) != null;
    }

    String string(String key) {
        JsonNode value = node.get(key);
        if (value == null || !value.isString()) {
            throw bad("expected a string '" + key + "'");
        }
        return value.stringValue();
    }

    int[] ints(String key) {
        JsonNode value = node.get(key);
        if (value == null || !value.isArray()) {
            throw bad("expected an array '" + key + "' of integers");
        }
        int[] out = new int[value.size()];
        for (int i = 0; i < out.length; i++) {
            JsonNode item = value.get(i);
            if (!item.isIntegralNumber() || !item.canConvertToInt()) {
                throw bad("'" + key + "' [" + i + "] is not an integer of 32 bits");
            }
            out[i] = item.intValue();
        }
        return out;
    }

    boolean flag(String key, boolean otherwise) {
        JsonNode value = node.get(key);
        if (value == null) {
            return otherwise;
        }
        if (!value.isBoolean()) {
            throw bad("expected true or false for '" + key + "'");
        }
        return value.booleanValue();
    }

    IngotException.BadData bad(String reason) {
        return new IngotException.BadData(position + ": " + reason);
    }
}
