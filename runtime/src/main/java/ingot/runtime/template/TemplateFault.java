package ingot.runtime.template;

import org.jspecify.annotations.Nullable;

/** A template that cannot be compiled or rendered; {@link ChatTemplate} adds file and line and makes it BadData. */
final class TemplateFault extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final int line;

    /** A failure while rendering: the line is that of the statement being evaluated. */
    TemplateFault(String reason) {
        this(reason, 0);
    }

    /** A failure while compiling, at a known 1-based line. */
    TemplateFault(String reason, int line) {
        super(reason, null, false, false);
        this.line = line;
    }

    int line(int fallback) {
        return line > 0 ? line : fallback;
    }

    String reason() {
        @Nullable String message = getMessage();
        return message == null ? "failed" : message;
    }
}
