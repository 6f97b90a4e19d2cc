package ingot.formats.hf;

import java.util.List;

/**
 * A mixture of experts (Shazeer et al. 2017): a router sends every token to a few of many gated MLPs. Router: softmax in f32
 * over all experts, then the {@code perToken} largest.
 *
 * @param experts number of experts of a layer
 * @param perToken experts a token passes; at most {@code experts}
 * @param expertInner width inside one expert
 * @param sharedInner width inside the expert every token passes, times sigmoid(gate); 0 where there is none
 * @param normalize whether the weights of the chosen experts are divided by their sum
 * @param layers per layer whether it has experts; the others have one MLP of the dense width
 */
public record MoeConfig(
        int experts, int perToken, int expertInner, int sharedInner, boolean normalize, List<Boolean> layers) {
    public MoeConfig {
        layers = List.copyOf(layers);
    }
}
