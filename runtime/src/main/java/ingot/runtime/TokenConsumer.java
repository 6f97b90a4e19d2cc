package ingot.runtime;

/** Takes generated tokens as they come. */
@FunctionalInterface
public interface TokenConsumer {
    /** Returns whether to go on. */
    boolean accept(int token);
}
