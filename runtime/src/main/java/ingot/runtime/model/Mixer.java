package ingot.runtime.model;

import ingot.runtime.kv.LayerState;

/** The part of a layer where tokens see each other. One per layer and session: it owns what the layer remembers. */
sealed interface Mixer permits Attention, DeltaNet {
    /** x [tokens][hidden] → mixed [tokens][{@link #mixedWidth}], what the output projection reads; remembers the tokens. */
    void mix(Chunk chunk, float[] x, float[] mixed);

    /** Columns of the output projection. */
    int mixedWidth();

    LayerState state();
}
