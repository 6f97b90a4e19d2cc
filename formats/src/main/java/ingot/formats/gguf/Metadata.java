package ingot.formats.gguf;

import ingot.formats.IngotException;
import ingot.formats.Text;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.SequencedSet;
import org.jspecify.annotations.Nullable;

/** Typed, bounded access to a file's metadata. A value of another type or outside its bounds is bad data. */
final class Metadata {
    private final Path file;
    private final SequencedMap<String, Pair> pairs;

    /**
     * What a key stands before.
     *
     * @param at where in the file the key begins
     */
    record Pair(long at, MetadataValue value) {}

    Metadata(Path file, SequencedMap<String, Pair> pairs) {
        this.file = file;
        this.pairs = pairs;
    }

    Path file() {
        return file;
    }

    /** Every key, in file order. */
    SequencedSet<String> keys() {
        return Collections.unmodifiableSequencedSet(pairs.sequencedKeySet());
    }

    boolean has(String key) {
        return pairs.containsKey(key);
    }

    private @Nullable MetadataValue value(String key) {
        Pair pair = pairs.get(key);
        return pair == null ? null : pair.value();
    }

    /** The value as a short text, for listings. */
    String describe(String key) {
        MetadataValue value = value(key);
        return value == null ? "" : value.describe();
    }

    /** A value that the specification gives the type u32. */
    long unsigned32(String key) {
        if (value(key) instanceof MetadataValue.Whole w && w.type() == ValueType.UINT32) {
            return w.value();
        }
        throw expected(key, "a 32-bit unsigned integer");
    }

    int requireInt(String key, int min, int max) {
        return optionalInt(key, min, max)
                .orElseThrow(() -> IngotException.BadData.in(file, "metadata key " + Text.quote(key) + " is missing"));
    }

    OptionalInt optionalInt(String key, int min, int max) {
        MetadataValue value = value(key);
        if (value == null) {
            return OptionalInt.empty();
        }
        if (value instanceof MetadataValue.Whole w && w.value() >= min && w.value() <= max) {
            return OptionalInt.of((int) w.value());
        }
        throw expected(key, "an integer from " + min + " to " + max);
    }

    OptionalDouble optionalNumber(String key) {
        return switch (value(key)) {
            case null -> OptionalDouble.empty();
            case MetadataValue.Real r when Double.isFinite(r.value()) -> OptionalDouble.of(r.value());
            case MetadataValue.Whole w -> OptionalDouble.of(w.value());
            default -> throw expected(key, "a finite number");
        };
    }

    Optional<Boolean> optionalFlag(String key) {
        return switch (value(key)) {
            case null -> Optional.empty();
            case MetadataValue.Flag f -> Optional.of(f.value());
            default -> throw expected(key, "true or false");
        };
    }

    Optional<String> optionalText(String key) {
        return switch (value(key)) {
            case null -> Optional.empty();
            case MetadataValue.Str s -> Optional.of(s.value());
            default -> throw expected(key, "a string");
        };
    }

    /** An array of strings; decoded element by element. */
    List<String> strings(String key) {
        if (value(key) instanceof MetadataValue.Strings s) {
            return s.values();
        }
        throw expected(key, "an array of strings");
    }

    /** An array of integers, or null when the key is absent. */
    MetadataValue.@Nullable NumberArray integers(String key) {
        return switch (value(key)) {
            case null -> null;
            case MetadataValue.NumberArray n when n.integers() -> n;
            default -> throw expected(key, "an array of integers");
        };
    }

    /** An array of numbers of any kind is there, or nothing. */
    void requireFloats(String key) {
        if (has(key) && !(value(key) instanceof MetadataValue.NumberArray n && !n.integers())) {
            throw expected(key, "an array of floating-point numbers");
        }
    }

    IngotException.BadData bad(String key, String reason) {
        Pair pair = pairs.get(key);
        String line = "metadata key " + Text.quote(key) + ": " + reason;
        return pair == null ? IngotException.BadData.in(file, line) : IngotException.BadData.at(file, pair.at(), line);
    }

    IngotException.ConfigMismatch mismatch(String key, String reason) {
        return IngotException.ConfigMismatch.in(file, "metadata key " + Text.quote(key) + ": " + reason);
    }

    private IngotException.BadData expected(String key, String what) {
        MetadataValue value = value(key);
        return bad(key, (value == null ? "missing" : Text.quote(value.describe())) + "; expected " + what);
    }
}
