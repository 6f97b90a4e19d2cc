package ingot.runtime;

import java.util.List;

/**
 * What {@link Generator#generate} made.
 *
 * @param tokens generated ids, the prompt not included
 * @param reason why it ended
 */
public record Generation(List<Integer> tokens, StopReason reason) {
    public Generation {
        tokens = List.copyOf(tokens);
    }

    /** Why generating ended. */
    public enum StopReason {
        /** A stop token was generated. */
        STOP_TOKEN,
        /** {@link GenerationOptions#maxTokens()} reached. */
        MAX_TOKENS,
        /** The session is full ({@link ModelOptions#maxPositions()}). */
        CONTEXT_FULL,
        /** The callback asked to end. */
        CONSUMER
    }
}
