package ingot.formats.json;

import ingot.formats.IngotException;
import ingot.formats.Text;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Typed, bounded access to the fields of one JSON object of a configuration. JSON {@code null} counts as absent, as in
 * Python's {@code None}. A field of the wrong type or outside its bounds is {@link IngotException.BadData}.
 *
 * @param origin the file, named in errors
 * @param prefix path of the object inside the document, empty or ending in a dot
 */
public record ObjectFields(ObjectNode node, Path origin, String prefix) {
    /** The value, unless it is absent or JSON null. */
    public Optional<JsonNode> get(String name) {
        return Optional.ofNullable(node.get(name)).filter(v -> !v.isNull());
    }

    public OptionalInt integer(String name, int min, int max) {
        Optional<JsonNode> value = get(name);
        if (value.isEmpty()) {
            return OptionalInt.empty();
        }
        JsonNode v = value.get();
        if (!v.isIntegralNumber() || !v.canConvertToInt() || v.intValue() < min || v.intValue() > max) {
            throw bad(name, show(v) + "; expected an integer from " + min + " to " + max);
        }
        return OptionalInt.of(v.intValue());
    }

    public int requireInteger(String name, int min, int max) {
        return integer(name, min, max)
                .orElseThrow(() -> bad(name, "missing; expected an integer from " + min + " to " + max));
    }

    /** A finite number; integers count. */
    public Optional<Double> number(String name) {
        return get(name).map(v -> {
            double number = Json.number(v);
            if (!Double.isFinite(number)) {
                throw bad(name, show(v) + "; expected a number");
            }
            return number;
        });
    }

    public boolean flag(String name, boolean fallback) {
        return get(name)
                .map(v -> {
                    if (!v.isBoolean()) {
                        throw bad(name, show(v) + "; expected true or false");
                    }
                    return v.booleanValue();
                })
                .orElse(fallback);
    }

    public Optional<String> text(String name) {
        return get(name).map(v -> {
            if (!v.isString()) {
                throw bad(name, show(v) + "; expected a string");
            }
            return v.stringValue();
        });
    }

    public Optional<ObjectFields> object(String name) {
        return get(name).map(v -> {
            if (v instanceof ObjectNode object) {
                return new ObjectFields(object, origin, prefix + name + ".");
            }
            throw bad(name, show(v) + "; expected an object");
        });
    }

    /** The field breaks its type or bounds. */
    public IngotException.BadData bad(String name, String reason) {
        return IngotException.BadData.in(origin, Text.quote(prefix + name) + ": " + reason);
    }

    /** The field is well formed but asks for something unsupported or contradictory. */
    public IngotException.ConfigMismatch unsupported(String name, String reason) {
        return IngotException.ConfigMismatch.in(origin, Text.quote(prefix + name) + ": " + reason);
    }

    /** A value for a message. */
    public static String show(JsonNode value) {
        return Text.quote(value.isString() ? value.stringValue() : value.toString());
    }
}
