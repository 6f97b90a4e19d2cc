package ingot.runtime.model;

import ingot.runtime.kv.LayerState;

/** The part of a layer where tokens see each other. One per layer and session: it owns what the layer remembers. */
sealed interface Mixer permits Attention, DeltaNet {
    /** x [tokens][hidden] → out [tokens][hidden]; remembers the tokens. */
    void forward(Chunk chunk, float[] x, float[] out);

    LayerState state();
}
