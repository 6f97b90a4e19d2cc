package ingot.runtime.model;

/** The part of a layer where every token is on its own. One per layer and decoder. */
sealed interface FeedForward permits Mlp, Moe {
    /** x [tokens][hidden] → out [tokens][hidden]. */
    void forward(Chunk chunk, float[] x, float[] out);
}
