package ingot.runtime;

/** Takes the logits of the sequences of a step. */
@FunctionalInterface
public interface BatchConsumer {
    /**
     * @param input which input of the step, from 0
     * @param position in its session
     * @param logits [vocab]; the array is the session's, reused for its next position
     */
    void accept(int input, int position, float[] logits);
}
