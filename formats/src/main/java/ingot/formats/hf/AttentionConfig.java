package ingot.formats.hf;

import java.util.List;

/**
 * Grouped-query attention.
 *
 * @param heads query heads
 * @param kvHeads key/value heads; divides {@code heads}
 * @param headDim even
 * @param qkvBias whether the q, k and v projections have a bias
 * @param outputBias whether the output projection has one
 * @param qkNorm whether q and k pass an RMS norm per head before the rotary embedding
 * @param windows per layer: a key is visible if q − k &lt; window; 0 sees every earlier key
 */
public record AttentionConfig(
        int heads,
        int kvHeads,
        int headDim,
        boolean qkvBias,
        boolean outputBias,
        boolean qkNorm,
        List<Integer> windows) {
    public AttentionConfig {
        windows = List.copyOf(windows);
    }

    /** Width of all query heads. */
    public int queryDim() {
        return Math.multiplyExact(heads, headDim);
    }

    /** Width of all key (or value) heads. */
    public int kvDim() {
        return Math.multiplyExact(kvHeads, headDim);
    }
}
