package ingot.formats;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Everything Ingot refuses or fails at, sorted by what the user can do about it. The message is one line: file, tensor,
 * offset, what was expected, what to do. The command line turns each kind into its exit code with an exhaustive switch.
 */
public abstract sealed class IngotException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private IngotException(String message, @Nullable Throwable cause) {
        super(Text.visible(message), cause);
    }

    /** The caller asked for something impossible: a wrong option, an output that is the input (exit 64). */
    public static final class Usage extends IngotException {
        private static final long serialVersionUID = 1L;

        public Usage(String message) {
            super(message, null);
        }
    }

    /** The bytes of a file break its format (exit 65). */
    public static final class BadData extends IngotException {
        private static final long serialVersionUID = 1L;

        public BadData(String message) {
            super(message, null);
        }

        public BadData(String message, @Nullable Throwable cause) {
            super(message, cause);
        }

        /** {@code FILE: REASON}. */
        public static BadData in(Path file, String reason) {
            return new BadData(Text.path(file) + ": " + reason);
        }

        /** {@code FILE: @OFFSET: REASON}. */
        public static BadData at(Path file, long offset, String reason) {
            return new BadData(Text.path(file) + ": @" + offset + ": " + reason);
        }

        /** {@code FILE: tensor 'NAME' @OFFSET: REASON}; the name is escaped and cut. */
        public static BadData tensor(Path file, String name, long offset, String reason) {
            return new BadData(Text.path(file) + ": tensor " + Text.quote(name) + " @" + offset + ": " + reason);
        }

        /** {@code FILE: tensor 'NAME': REASON}. */
        public static BadData tensor(Path file, String name, String reason) {
            return new BadData(Text.path(file) + ": tensor " + Text.quote(name) + ": " + reason);
        }
    }

    /**
     * A signature does not prove what it should: other bytes, another key, a certificate that is not trusted (exit 1: a
     * check ran and failed).
     */
    public static final class NotAuthentic extends IngotException {
        private static final long serialVersionUID = 1L;

        public NotAuthentic(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    /** A file that is needed is not there (exit 66). */
    public static final class MissingInput extends IngotException {
        private static final long serialVersionUID = 1L;

        public MissingInput(String message) {
            super(message, null);
        }
    }

    /** Memory, or another resource of the machine, does not suffice (exit 71). */
    public static final class OutOfResources extends IngotException {
        private static final long serialVersionUID = 1L;

        public OutOfResources(String message) {
            super(message, null);
        }
    }

    /** The output cannot be created where it was asked for (exit 73). */
    public static final class CannotCreate extends IngotException {
        private static final long serialVersionUID = 1L;

        public CannotCreate(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    /** Reading or writing failed half-way (exit 74). */
    public static final class ReadWrite extends IngotException {
        private static final long serialVersionUID = 1L;

        public ReadWrite(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    /** Somebody else is at it; try again later (exit 75). */
    public static final class Busy extends IngotException {
        private static final long serialVersionUID = 1L;

        public Busy(String message) {
            super(message, null);
        }
    }

    /** The operating system denies access (exit 77). */
    public static final class Denied extends IngotException {
        private static final long serialVersionUID = 1L;

        public Denied(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    /** Configuration and tensors contradict each other, or the architecture is not supported (exit 78). */
    public static final class ConfigMismatch extends IngotException {
        private static final long serialVersionUID = 1L;

        public ConfigMismatch(String message) {
            super(message, null);
        }

        /** {@code FILE: REASON}. */
        public static ConfigMismatch in(Path file, String reason) {
            return new ConfigMismatch(Text.path(file) + ": " + reason);
        }
    }
}
