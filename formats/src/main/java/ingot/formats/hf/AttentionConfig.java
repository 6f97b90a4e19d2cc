package ingot.formats.hf;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Grouped-query attention.
 *
 * @param heads query heads
 * @param kvHeads key/value heads; divides {@code heads}
 * @param headDim even
 * @param projections biases and norms
 * @param windows per layer: a key is visible if q − k &lt; window; 0 sees every earlier key
 * @param lognLength L of LogN attention (Su 2021): q at 1-based position p &gt; L is multiplied by ln(p) ÷ ln(L); absent
 *     where the family has none
 * @param linear the linear attention that some layers have instead, if any
 */
public record AttentionConfig(
        int heads,
        int kvHeads,
        int headDim,
        Projections projections,
        List<Integer> windows,
        OptionalInt lognLength,
        Optional<DeltaNetConfig> linear) {
    /** Attention in every layer. */
    public AttentionConfig(
            int heads,
            int kvHeads,
            int headDim,
            Projections projections,
            List<Integer> windows,
            OptionalInt lognLength) {
        this(heads, kvHeads, headDim, projections, windows, lognLength, Optional.empty());
    }

    public AttentionConfig {
        windows = List.copyOf(windows);
    }

    public boolean qkvBias() {
        return projections.qkvBias();
    }

    public boolean outputBias() {
        return projections.outputBias();
    }

    public boolean qkNorm() {
        return projections.qkNorm();
    }

    /** The linear attention of a layer; empty where it has this attention. */
    public Optional<DeltaNetConfig> linear(int layer) {
        return linear.filter(l -> l.layers().get(layer));
    }

    /** Rows of q_proj: the query heads, and their gates where there are any. */
    public int queryRows() {
        return Math.multiplyExact(queryDim(), projections.outputGate() ? 2 : 1);
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
