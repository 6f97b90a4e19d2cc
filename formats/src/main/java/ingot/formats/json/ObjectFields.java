package ingot.formats.json;

import ingot.formats.IngotException;
import ingot.formats.Text;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Typed, bounded access to the fields of one JSON object. JSON {@code null} counts as absent, as in
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

    /** Whether there is a value. */
    public boolean has(String name) {
        return get(name).isPresent();
    }

    /** The value, which must be there and not null. */
    public JsonNode require(String name) {
        return get(name).orElseThrow(() -> bad(name, "missing"));
    }

    /** Refuses every field that is not among {@code known}. */
    public void only(Set<String> known) {
        for (String field : node.propertyNames()) {
            if (!known.contains(field)) {
                throw bad(field, "not a field of the format");
            }
        }
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

    public int integerOr(String name, int fallback, int min, int max) {
        return integer(name, min, max).orElse(fallback);
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

    /** A number in [min, max]; integers count. */
    private OptionalDouble number(String name, double min, double max) {
        Optional<JsonNode> value = get(name);
        if (value.isEmpty()) {
            return OptionalDouble.empty();
        }
        double number = Json.number(value.get());
        if (!(number >= min && number <= max)) {
            throw bad(name, show(value.get()) + "; expected a number from " + plain(min) + " to " + plain(max));
        }
        return OptionalDouble.of(number);
    }

    public double numberOr(String name, double fallback, double min, double max) {
        return number(name, min, max).orElse(fallback);
    }

    public double requireNumber(String name, double min, double max) {
        return number(name, min, max)
                .orElseThrow(() -> bad(name, "missing; expected a number from " + plain(min) + " to " + plain(max)));
    }

    private static String plain(double value) {
        return new BigDecimal(value).abs().compareTo(BigDecimal.valueOf(1e6)) > 0
                ? Double.toString(value)
                : BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
    }

    public boolean flag(String name, boolean fallback) {
        return get(name).map(v -> truth(name, v)).orElse(fallback);
    }

    public boolean requireFlag(String name) {
        return truth(name, require(name));
    }

    private boolean truth(String name, JsonNode v) {
        if (!v.isBoolean()) {
            throw bad(name, show(v) + "; expected true or false");
        }
        return v.booleanValue();
    }

    public Optional<String> text(String name) {
        return get(name).map(v -> {
            if (!v.isString()) {
                throw bad(name, show(v) + "; expected a string");
            }
            return v.stringValue();
        });
    }

    public String requireText(String name) {
        return text(name).orElseThrow(() -> bad(name, "missing; expected a string"));
    }

    public Optional<ObjectFields> object(String name) {
        return get(name).map(v -> object(name, v));
    }

    public ObjectFields requireObject(String name) {
        return object(name).orElseThrow(() -> bad(name, "missing; expected an object"));
    }

    private ObjectFields object(String name, JsonNode v) {
        if (v instanceof ObjectNode object) {
            return new ObjectFields(object, origin, prefix + name + ".");
        }
        throw bad(name, show(v) + "; expected an object");
    }

    public ArrayNode requireArray(String name) {
        JsonNode v = get(name).orElseThrow(() -> bad(name, "missing; expected an array"));
        if (v instanceof ArrayNode array) {
            return array;
        }
        throw bad(name, show(v) + "; expected an array");
    }

    /** An array of objects; they share the array's name in messages. */
    public List<ObjectFields> requireObjects(String name) {
        return requireArray(name).valueStream().map(v -> object(name, v)).toList();
    }

    /** The field breaks its type or bounds. */
    public IngotException.BadData bad(String name, String reason) {
        return IngotException.BadData.in(origin, Text.quote(prefix + name) + ": " + reason);
    }

    /** The field is well formed but asks for something unsupported or contradictory. */
    public IngotException.ConfigMismatch unsupported(String name, String reason) {
        return IngotException.ConfigMismatch.in(origin, Text.quote(prefix + name) + ": " + reason);
    }

    /** The object itself as the root of {@code origin}. */
    public static ObjectFields root(ObjectNode node, Path origin) {
        return new ObjectFields(node, origin, "");
    }

    /** A value for a message. */
    public static String show(JsonNode value) {
        return Text.quote(value.isString() ? value.stringValue() : value.toString());
    }
}
