package ingot.runtime.template;

/** The meter of one rendering: steps, characters and depth, each refused before the work is done. */
final class Budget {
    /** What one element of a list, tuple or dict counts against {@link TemplateLimits#allocatedChars}. */
    static final int ELEMENT_CHARS = 32;

    /** Python prints no integer of more than 4300 digits; this bound is just below it. */
    private static final int INTEGER_BITS = 14_000;

    private static final int CHARS_PER_STEP = 64;

    private final TemplateLimits limits;
    private long steps;
    private long allocated;
    private int depth;

    Budget(TemplateLimits limits) {
        this.limits = limits;
    }

    /** Counts work that is proportional to {@code items}. */
    void work(long items) {
        steps += items;
        if (steps > limits.steps()) {
            throw new TemplateFault("more than " + limits.steps() + " steps");
        }
    }

    /** Counts a pass over {@code chars} characters that makes nothing new. */
    void scan(long chars) {
        work(1 + chars / CHARS_PER_STEP);
    }

    /** Counts a string of {@code chars} characters that is about to be made. */
    void string(long chars) {
        if (chars > limits.outputChars()) {
            throw new TemplateFault(
                    "a text of " + chars + " characters; at most " + limits.outputChars() + " are allowed");
        }
        allocate(chars);
    }

    /** Counts {@code count} elements of a container that is about to be made. */
    void elements(long count) {
        allocate(Math.multiplyExact(Math.min(count, Integer.MAX_VALUE), (long) ELEMENT_CHARS));
    }

    /** Refuses an integer result of more than {@value #INTEGER_BITS} bits. */
    void integer(long bits) {
        if (bits > INTEGER_BITS) {
            throw new TemplateFault("an integer of " + bits + " bits; at most " + INTEGER_BITS + " are allowed");
        }
        work(1 + bits / CHARS_PER_STEP);
    }

    /** Checks that the output, now {@code length} characters long, can take {@code more}. */
    void output(long length, long more) {
        if (length + more > limits.outputChars()) {
            throw new TemplateFault("more than " + limits.outputChars() + " characters of output");
        }
        allocate(more);
    }

    void enter() {
        if (++depth > limits.depth()) {
            throw new TemplateFault("nested more than " + limits.depth() + " deep");
        }
    }

    void leave() {
        depth--;
    }

    private void allocate(long chars) {
        work(1 + chars / CHARS_PER_STEP);
        allocated += chars;
        if (allocated > limits.allocatedChars()) {
            throw new TemplateFault("more than " + limits.allocatedChars() + " characters of text made on the way");
        }
    }
}
