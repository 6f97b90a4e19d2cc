package ingot.runtime.model;

/** The tokens on their way through the layers. One per session, set anew for every chunk. */
final class Chunk {
    private int position;
    private int tokens;

    void set(int newPosition, int newTokens) {
        position = newPosition;
        tokens = newTokens;
    }

    /** Position of the first token in the session. */
    int position() {
        return position;
    }

    /** Number of tokens. */
    int tokens() {
        return tokens;
    }
}
