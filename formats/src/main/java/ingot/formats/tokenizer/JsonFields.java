package ingot.formats.tokenizer;

import ingot.formats.IngotException;
import ingot.formats.Text;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** One JSON object with its place, read field by field; a field of the wrong type is one clear line. */
record JsonFields(ObjectNode node, Path file, String place) {
    /** The object itself as the root of {@code file}. */
    static JsonFields root(ObjectNode node, Path file) {
        return new JsonFields(node, file, "");
    }

    /** {@code value} as an object at {@code place}. */
    static JsonFields of(JsonNode value, Path file, String place) {
        if (value instanceof ObjectNode object) {
            return new JsonFields(object, file, place);
        }
        throw wrong(file, place, "an object", value);
    }

    /** The field, or null if it is absent or null. */
    @Nullable
    JsonNode get(String name) {
        JsonNode value = node.get(name);
        return value == null || value.isNull() ? null : value;
    }

    JsonFields object(String name) {
        JsonNode value = get(name);
        if (value == null) {
            throw bad(name, "is missing");
        }
        return of(value, file, path(name));
    }

    @Nullable
    JsonFields optionalObject(String name) {
        JsonNode value = get(name);
        return value == null ? null : of(value, file, path(name));
    }

    ArrayNode array(String name) {
        if (get(name) instanceof ArrayNode array) {
            return array;
        }
        throw wrong(file, path(name), "an array", get(name));
    }

    String string(String name) {
        String value = optionalString(name);
        if (value == null) {
            throw bad(name, "is missing");
        }
        return value;
    }

    @Nullable
    String optionalString(String name) {
        JsonNode value = get(name);
        return value == null ? null : text(value, file, path(name));
    }

    boolean flag(String name, boolean absent) {
        JsonNode value = get(name);
        if (value == null) {
            return absent;
        }
        if (!value.isBoolean()) {
            throw wrong(file, path(name), "true or false", value);
        }
        return value.booleanValue();
    }

    /** A string; a lone surrogate, which JSON can escape and UTF-8 cannot write, is refused. */
    static String text(JsonNode value, Path file, String place) {
        if (!value.isString()) {
            throw wrong(file, place, "a string", value);
        }
        String text = value.stringValue();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
            } else if (Character.isSurrogate(c)) {
                throw IngotException.BadData.in(file, place + ": lone surrogate in a string");
            }
        }
        return text;
    }

    /** A token id, 0 to {@code max}. */
    static int id(JsonNode value, int max, Path file, String place) {
        if (!value.isIntegralNumber()) {
            throw wrong(file, place, "a token id", value);
        }
        if (!value.canConvertToLong() || value.longValue() < 0 || value.longValue() > max) {
            throw IngotException.BadData.in(
                    file, place + ": token id " + Text.quote(value.asString()) + " is outside 0 to " + max);
        }
        return value.intValue();
    }

    IngotException.BadData bad(String name, String reason) {
        return IngotException.BadData.in(file, path(name) + " " + reason);
    }

    String path(String name) {
        return place.isEmpty() ? name : place + "." + name;
    }

    private static IngotException.BadData wrong(Path file, String place, String expected, @Nullable JsonNode value) {
        String found =
                value == null ? "nothing" : value.getNodeType().toString().toLowerCase(java.util.Locale.ROOT);
        return IngotException.BadData.in(file, place + ": expected " + expected + ", found " + found);
    }
}
