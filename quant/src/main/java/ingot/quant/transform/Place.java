package ingot.quant.transform;

/** Channels between weights that write them and weights that read them, and nothing that tells them apart. */
public sealed interface Place {
    /** The residual stream: from embedding and layers to every norm and what reads behind it. */
    record Residual() implements Place {}

    /** Between the first norm of a layer and its mixer. */
    record MixerInput(int layer) implements Place {}

    /** Between the values of attention and its output projection; channels are those of the value heads. */
    record Values(int layer) implements Place {}

    /** Between the second norm of a layer and all that reads there: the MLP, or router, gate and every expert. */
    record FeedInput(int layer) implements Place {}

    /** Between up and down of one MLP. */
    record Inner(int layer, int branch) implements Place {}

    /** Between the last norm and the head. */
    record HeadInput() implements Place {}
}
