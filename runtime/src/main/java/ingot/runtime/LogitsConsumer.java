package ingot.runtime;

/** Takes the logits of one position after another. */
@FunctionalInterface
public interface LogitsConsumer {
    /**
     * @param position of the token, counted from the start of the session
     * @param logits [vocab]; the array is reused for the next position
     */
    void accept(int position, float[] logits);
}
