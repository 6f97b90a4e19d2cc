package ingot.tests.hostile;

import ingot.formats.IngotException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * One input for {@code ingot convert} and what must come of it.
 *
 * @param name of the case and its folder; {@code row-NN} is the row of the catalogue of bad inputs it comes from
 * @param type what to convert to
 * @param maker writes the input into an empty folder
 * @param expected outcome
 */
record HostileCase(String name, String type, Maker maker, Expected expected) {
    /** Writes files into {@code folder} and returns the path to convert. */
    @FunctionalInterface
    interface Maker {
        Path make(Path folder) throws IOException;
    }

    /** What must happen. */
    sealed interface Expected permits Refused, Accepted {}

    /**
     * The input is refused with one line.
     *
     * @param message found in the line
     */
    record Refused(Kind kind, Pattern message) implements Expected {}

    /**
     * The input is converted.
     *
     * @param values tensors that must have these weights in the output
     * @param tolerance largest difference
     * @param warning found in one of the warnings; empty when there must be none
     */
    record Accepted(Map<String, float[]> values, double tolerance, String warning) implements Expected {}

    /** How Ingot sorts what it refuses, with the exit code of its command. */
    enum Kind {
        BAD_DATA(IngotException.BadData.class, 65),
        MISSING(IngotException.MissingInput.class, 66),
        MISMATCH(IngotException.ConfigMismatch.class, 78);

        private final Class<? extends IngotException> exception;
        private final int exitCode;

        Kind(Class<? extends IngotException> exception, int exitCode) {
            this.exception = exception;
            this.exitCode = exitCode;
        }

        Class<? extends IngotException> exception() {
            return exception;
        }

        int exitCode() {
            return exitCode;
        }
    }

    static HostileCase bad(String name, String message, Maker maker) {
        return new HostileCase(name, "f32", maker, new Refused(Kind.BAD_DATA, Pattern.compile(message)));
    }

    static HostileCase missing(String name, String message, Maker maker) {
        return new HostileCase(name, "f32", maker, new Refused(Kind.MISSING, Pattern.compile(message)));
    }

    static HostileCase mismatch(String name, String message, Maker maker) {
        return new HostileCase(name, "f32", maker, new Refused(Kind.MISMATCH, Pattern.compile(message)));
    }

    /** Accepted with exactly the weights of {@link TinyModel}. */
    static HostileCase accept(String name, Maker maker) {
        return acceptWarning(name, "", maker);
    }

    static HostileCase acceptWarning(String name, String warning, Maker maker) {
        return new HostileCase(name, "f32", maker, new Accepted(new TinyModel().values(), 0, warning));
    }

    HostileCase as(String otherType) {
        return new HostileCase(name, otherType, maker, expected);
    }

    @Override
    public String toString() {
        return name;
    }
}
