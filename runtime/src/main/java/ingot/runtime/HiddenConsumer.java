package ingot.runtime;

/** Takes hidden states as a forward pass makes them. */
@FunctionalInterface
public interface HiddenConsumer {
    /**
     * @param name {@code embed}, {@code layer.I} (residual stream after decoder layer I) or {@code final_norm}
     * @param position of the token, counted from the start of the session
     * @param hidden [hidden]; the array is reused for the next call
     */
    void accept(String name, int position, float[] hidden);
}
