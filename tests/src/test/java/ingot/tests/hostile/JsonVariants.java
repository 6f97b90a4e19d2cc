package ingot.tests.hostile;

import static java.nio.charset.StandardCharsets.UTF_8;

import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JsonPointer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A right document with one of its values left out, or replaced by a value of another kind: for every value, whatever its
 * depth, and every kind.
 */
final class JsonVariants {
    /** A value of each kind, the edges of numbers, and text that must not reach a terminal as it is. */
    private static final List<String> KINDS = List.of(
            "null",
            "true",
            "0",
            "-1",
            "0.5",
            "2147483648",
            "9223372036854775808",
            "1E+400",
            "\"\"",
            "\"1\"",
            "\"\\u001b[2J\\u009b\\u202e\\ud800\\u0000\\n" + "x".repeat(300) + "\"",
            "[]",
            "[[]]",
            "[null]",
            "{}",
            "{\"a\":[1]}");

    private static final Path ORIGIN = Path.of("variant");

    private final JsonNode root;
    private final List<JsonPointer> places = new ArrayList<>();

    JsonVariants(byte[] right) {
        this.root = Json.parse(right, ORIGIN, JsonBound.INPUT);
        collect(root, JsonPointer.empty());
    }

    private void collect(JsonNode node, JsonPointer at) {
        node.properties().forEach(field -> add(field.getValue(), at.appendProperty(field.getKey())));
        for (int i = 0; node.isArray() && i < node.size(); i++) {
            add(node.get(i), at.appendIndex(i));
        }
    }

    private void add(JsonNode value, JsonPointer at) {
        places.add(at);
        collect(value, at);
    }

    int count() {
        return places.size() * (KINDS.size() + 1);
    }

    /** @param index below {@link #count} */
    byte[] get(int index) {
        JsonPointer place = places.get(index / (KINDS.size() + 1));
        int kind = index % (KINDS.size() + 1);
        JsonNode copy = root.deepCopy();
        JsonNode parent = copy.at(place.head());
        JsonPointer last = place.last();
        if (parent instanceof ObjectNode object && kind < KINDS.size()) {
            object.set(last.getMatchingProperty(), value(kind));
        } else if (parent instanceof ObjectNode object) {
            object.remove(last.getMatchingProperty());
        } else if (parent instanceof ArrayNode array && kind < KINDS.size()) {
            array.set(last.getMatchingIndex(), value(kind));
        } else if (parent instanceof ArrayNode array) {
            array.remove(last.getMatchingIndex());
        }
        return Json.compact(copy).getBytes(UTF_8);
    }

    private static JsonNode value(int kind) {
        return Json.parse(KINDS.get(kind).getBytes(UTF_8), ORIGIN, JsonBound.INPUT);
    }
}
