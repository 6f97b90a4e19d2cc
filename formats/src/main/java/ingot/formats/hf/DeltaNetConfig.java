package ingot.formats.hf;

import java.util.List;

/**
 * Gated DeltaNet (Yang, Kautz, Hatamizadeh 2024): linear attention with a decaying state, behind a causal convolution.
 *
 * @param keyHeads heads of q and k; divides {@code valueHeads}: value head h goes with key head h ÷ (valueHeads ÷ keyHeads)
 * @param valueHeads heads of v, each with a state [keyDim, valueDim]
 * @param keyDim width of one head of q and k
 * @param valueDim width of one head of v
 * @param kernel width of the causal convolution over q, k and v
 * @param packing how the checkpoint packs the input projections
 * @param layers per layer whether it is one of these; the others are attention
 */
public record DeltaNetConfig(
        int keyHeads, int valueHeads, int keyDim, int valueDim, int kernel, Packing packing, List<Boolean> layers) {
    /** How a checkpoint packs the projections of the layer's input. */
    public enum Packing {
        /** {@code in_proj_qkvz}: per key head [q | k | its values | their z]; {@code in_proj_ba}: per key head [b | a]. */
        GROUPED,
        /** {@code in_proj_qkv} [all q | all k | all v], {@code in_proj_z}, {@code in_proj_b}, {@code in_proj_a}. */
        SPLIT
    }

    public DeltaNetConfig {
        layers = List.copyOf(layers);
    }

    /** Value heads of one key head. */
    public int ratio() {
        return valueHeads / keyHeads;
    }

    /** Width of all heads of q (or k). */
    public int keyWidth() {
        return Math.multiplyExact(keyHeads, keyDim);
    }

    /** Width of all heads of v, of z and of the output. */
    public int valueWidth() {
        return Math.multiplyExact(valueHeads, valueDim);
    }

    /** Channels of the convolution: [q | k | v]. */
    public int channels() {
        return Math.addExact(Math.multiplyExact(2, keyWidth()), valueWidth());
    }
}
