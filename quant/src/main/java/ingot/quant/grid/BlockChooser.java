package ingot.quant.grid;

import ingot.formats.IngotException;
import ingot.formats.gguf.BlockNumbers;
import ingot.formats.gguf.GgmlType;
import ingot.formats.gguf.PackedBlock;
import ingot.quant.scheme.MatrixSource;

/**
 * Chooses the numbers of a block so that Σ importance · (w − ŵ)² is small. Deterministic; one instance serves any number of
 * threads.
 */
public interface BlockChooser {
    /** Largest f16. */
    float MAX_FACTOR = 65504;

    /**
     * Chooses codes and scales of the weights {@code w[at … at + block weights)}.
     *
     * @param w finite weights
     * @param importance what an error of a weight counts, ≥ 0; same places as {@code w}
     * @throws IngotException.BadData when a factor would be beyond the range of f16
     */
    void choose(float[] w, float[] importance, int at, BlockNumbers out);

    /** The chooser for a type that {@link GgmlType#packed} has. */
    static BlockChooser of(GgmlType type) {
        PackedBlock block =
                type.packed().orElseThrow(() -> new IllegalArgumentException(type + " is not written in blocks"));
        return switch (type) {
            case Q8_0 -> new Extreme(BlockLevels.of(block));
            case Q4_0, Q5_0, IQ4_NL -> new Symmetric(BlockLevels.of(block));
            case Q4_1, Q5_1 -> new Affine(block.highest());
            case Q4_K, Q5_K -> new AffineGroups(block);
            case Q6_K, IQ4_XS -> new SymmetricGroups(block);
            default -> throw new IllegalArgumentException(type + " is not written");
        };
    }

    /** The f16 nearest to a factor. */
    static short f16(float factor) {
        if (!(Math.abs(factor) <= MAX_FACTOR)) {
            throw new IngotException.BadData(
                    "a block needs the factor " + factor + ", beyond the ±65504 of f16; use --type bf16 or f32");
        }
        return Float.floatToFloat16(factor);
    }

    /** As {@link #f16(float)}, with the place of the weights in front of the message. */
    static short f16(float factor, MatrixSource source) {
        try {
            return f16(factor);
        } catch (IngotException.BadData e) {
            throw new IngotException.BadData(source.origin() + ": " + e.getMessage(), e);
        }
    }

    /** d = max |w| ÷ 127: with 255 levels a search finds nothing better that could be seen. */
    record Extreme(BlockLevels levels) implements BlockChooser {
        @Override
        public void choose(float[] w, float[] importance, int at, BlockNumbers out) {
            int n = out.codes().length;
            float extreme = ScaleSearch.extreme(new ScaleSearch.Group(w, importance, at, n));
            short d = f16(Math.abs(extreme) / levels.high());
            out.factors(d, (short) 0);
            codes(levels, Float.float16ToFloat(d), w, at, 0, n, out);
        }
    }

    /** One signed factor for the block. */
    record Symmetric(BlockLevels levels) implements BlockChooser {
        @Override
        public void choose(float[] w, float[] importance, int at, BlockNumbers out) {
            int n = out.codes().length;
            short d = f16(ScaleSearch.symmetric(levels, new ScaleSearch.Group(w, importance, at, n)));
            out.factors(d, (short) 0);
            codes(levels, Float.float16ToFloat(d), w, at, 0, n, out);
        }
    }

    /** A factor and an offset for the block: ŵ = d · code + m. */
    record Affine(int top) implements BlockChooser {
        @Override
        public void choose(float[] w, float[] importance, int at, BlockNumbers out) {
            int n = out.codes().length;
            var found = ScaleSearch.affine(top, false, new ScaleSearch.Group(w, importance, at, n));
            out.factors(f16(found.s()), f16(found.m()));
            float d = Float.float16ToFloat(out.d());
            float m = Float.float16ToFloat(out.m());
            float inverse = d == 0 ? 0 : 1 / d;
            for (int i = 0; i < n; i++) {
                out.codes()[i] = (byte) ScaleSearch.code(top, (w[at + i] - m) * inverse);
            }
        }
    }

    /** Nearest codes of n weights from {@code first} on for the scale {@code s}, which may be 0 or negative. */
    static void codes(BlockLevels levels, float s, float[] w, int at, int first, int n, BlockNumbers out) {
        float inverse = s == 0 ? 0 : 1 / s;
        for (int i = first; i < first + n; i++) {
            out.codes()[i] = (byte) levels.nearest(w[at + i] * inverse);
        }
    }
}
