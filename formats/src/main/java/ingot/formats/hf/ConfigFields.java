package ingot.formats.hf;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.json.Json;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Typed, bounded access to the fields of one JSON object. {@code null} counts as absent, as in Python's {@code None}. A
 * field of the wrong type or outside its bounds is {@link IngotException.BadData}.
 *
 * @param prefix path of the object inside the document, empty or ending in a dot
 */
record ConfigFields(ObjectNode node, Path origin, String prefix) {
    static ConfigFields root(ObjectNode node, Path origin) {
        return new ConfigFields(node, origin, "");
    }

    boolean has(String name) {
        return get(name) != null;
    }

    /** The value, or null when absent or JSON null. */
    @Nullable
    JsonNode get(String name) {
        JsonNode value = node.get(name);
        return value == null || value.isNull() ? null : value;
    }

    int requireInt(String name, int min, int max) {
        return optionalInt(name, min, max)
                .orElseThrow(() -> bad(name, "missing; expected an integer from " + min + " to " + max));
    }

    int intOr(String name, int fallback, int min, int max) {
        return optionalInt(name, min, max).orElse(fallback);
    }

    OptionalInt optionalInt(String name, int min, int max) {
        JsonNode value = get(name);
        if (value == null) {
            return OptionalInt.empty();
        }
        if (!value.isIntegralNumber() || !value.canConvertToInt() || value.intValue() < min || value.intValue() > max) {
            throw bad(name, show(value) + "; expected an integer from " + min + " to " + max);
        }
        return OptionalInt.of(value.intValue());
    }

    /** A number in [min, max]; integers count. */
    double numberOr(String name, double fallback, double min, double max) {
        return optionalNumber(name, min, max).orElse(fallback);
    }

    double requireNumber(String name, double min, double max) {
        return optionalNumber(name, min, max)
                .orElseThrow(() -> bad(name, "missing; expected a number from " + plain(min) + " to " + plain(max)));
    }

    OptionalDouble optionalNumber(String name, double min, double max) {
        JsonNode value = get(name);
        if (value == null) {
            return OptionalDouble.empty();
        }
        double number = Json.number(value);
        if (!(number >= min && number <= max)) {
            throw bad(name, show(value) + "; expected a number from " + plain(min) + " to " + plain(max));
        }
        return OptionalDouble.of(number);
    }

    boolean flagOr(String name, boolean fallback) {
        JsonNode value = get(name);
        if (value == null) {
            return fallback;
        }
        if (!value.isBoolean()) {
            throw bad(name, show(value) + "; expected true or false");
        }
        return value.booleanValue();
    }

    Optional<String> text(String name) {
        JsonNode value = get(name);
        if (value == null) {
            return Optional.empty();
        }
        if (!value.isString()) {
            throw bad(name, show(value) + "; expected a string");
        }
        return Optional.of(value.stringValue());
    }

    Optional<ConfigFields> object(String name) {
        JsonNode value = get(name);
        if (value == null) {
            return Optional.empty();
        }
        if (value instanceof ObjectNode object) {
            return Optional.of(new ConfigFields(object, origin, prefix + name + "."));
        }
        throw bad(name, show(value) + "; expected an object");
    }

    /** The field breaks its type or bounds. */
    IngotException.BadData bad(String name, String reason) {
        return IngotException.BadData.in(origin, Text.quote(prefix + name) + ": " + reason);
    }

    /** The field is well formed but asks for something unsupported or contradictory. */
    IngotException.ConfigMismatch mismatch(String name, String reason) {
        return IngotException.ConfigMismatch.in(origin, Text.quote(prefix + name) + ": " + reason);
    }

    static String show(JsonNode value) {
        return Text.quote(value.isString() ? value.stringValue() : value.toString());
    }

    private static String plain(double value) {
        return new BigDecimal(value).abs().compareTo(BigDecimal.valueOf(1e6)) > 0
                ? Double.toString(value)
                : BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
    }
}
