package ingot.runtime.model;

/**
 * The part of a layer where tokens of a sequence see each other. One per layer and decoder; what the layer remembers of a
 * sequence is in its {@link SequenceMemory}.
 */
sealed interface Mixer permits Attention, DeltaNet {
    /** x [tokens][hidden] → mixed [tokens][{@link #mixedWidth}], what the output projection reads; remembers the tokens. */
    void mix(Chunk chunk, float[] x, float[] mixed);

    /** Columns of the output projection. */
    int mixedWidth();
}
