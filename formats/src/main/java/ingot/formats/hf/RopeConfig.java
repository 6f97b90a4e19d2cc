package ingot.formats.hf;

/**
 * Rotary position embedding (Su et al. 2021) of base {@code theta} over the first {@code dims} numbers of every head.
 *
 * @param theta base of the frequencies theta^(−2i/d)
 * @param dims d: even, at most the width of a head; the others stay as they are
 */
public record RopeConfig(double theta, int dims, Scaling scaling) {
    /** Whether all texts of at most {@code length} tokens turn by the same frequencies. */
    public boolean fixedUpTo(int length) {
        return switch (scaling) {
            case DynamicNtk ntk -> length <= ntk.originalMaxPositions();
            case Qwen1Ntk ntk -> length <= ntk.trained();
            case None none -> true;
            case Linear linear -> true;
            case Yarn yarn -> true;
            case DualChunk chunk -> true;
        };
    }

    /** Most tokens a text may have for the rotation to be right; 2³¹ − 1 where there is no bound. */
    public int longest() {
        return scaling instanceof DualChunk chunk ? chunk.exact() : Integer.MAX_VALUE;
    }

    /** How frequencies are stretched to reach past the trained context; formulas in transformers' modeling_rope_utils. */
    public sealed interface Scaling {}

    /** Frequencies as trained. */
    public record None() implements Scaling {}

    /**
     * Frequencies as trained, of a model meant for dual chunk attention (An et al. 2024; the Qwen2.5 models for a million
     * tokens): texts of one chunk are attended as by any other model, longer ones are not supported.
     *
     * @param exact tokens of one chunk, {@code chunk_size − local_size}
     */
    public record DualChunk(int exact) implements Scaling {}

    /** Frequencies divided by {@code factor} (Chen et al. 2023, position interpolation). */
    public record Linear(double factor) implements Scaling {}

    /**
     * The base grows with the sequence: theta·(factor·n/L − (factor − 1))^(d/(d−2)) for sequences of n &gt; L tokens.
     *
     * @param originalMaxPositions L
     */
    public record DynamicNtk(double factor, int originalMaxPositions) implements Scaling {}

    /**
     * Dynamic NTK of the first Qwen: theta·α^(d/(d−2)), α = max(1, 2^⌈log₂(n/L) + 1⌉ − 1), n the length of the first call
     * of a session. α is not computed again when the session grows: the reference keeps it together with its cache.
     *
     * @param trained L, {@code seq_length}
     */
    public record Qwen1Ntk(int trained) implements Scaling {
        /** α for a text of {@code length} tokens: 1 up to L, 3 up to 2L, 7 up to 4L, … */
        public double alpha(int length) {
            double value = Math.log((double) length / trained) / Math.log(2) + 1;
            return Math.max(1, Math.pow(2, Math.ceil(value)) - 1);
        }
    }

    /**
     * YaRN (Peng et al. 2023): low frequencies interpolated, high ones kept, a linear ramp between.
     *
     * @param originalMaxPositions context the model was trained for
     * @param betaFast rotations over the original context above which a frequency is kept
     * @param betaSlow rotations below which it is divided by {@code factor}
     * @param attentionFactor multiplies cosines and sines
     * @param truncate whether the ramp's ends are rounded outwards to whole dimensions
     */
    public record Yarn(
            double factor,
            int originalMaxPositions,
            double betaFast,
            double betaSlow,
            double attentionFactor,
            boolean truncate)
            implements Scaling {}
}
