package ingot.quant.grid;

import ingot.formats.gguf.BlockNumbers;
import ingot.formats.gguf.PackedBlock;

/**
 * Q6_K and IQ4_XS: ŵ = d · scale[g] · value(code), scales being small integers. Starts from the best scale of every group,
 * rounds these to multiples of d, then alternates between the best integer scales for d and the best d for codes and scales.
 */
final class SymmetricGroups implements BlockChooser {
    /** Rounds of alternation; the error falls in every one, hardly after the third. */
    private static final int ROUNDS = 3;

    private final BlockLevels levels;
    private final int groups;
    private final int size;
    private final int lowest;

    SymmetricGroups(PackedBlock block) {
        this.levels = BlockLevels.of(block);
        this.groups = block.groups();
        this.size = block.weights() / groups;
        // Q6_K has 8 bits for a scale, IQ4_XS 6.
        this.lowest = groups == 16 ? -128 : -32;
    }

    @Override
    public void choose(float[] w, float[] importance, int at, BlockNumbers out) {
        float[] ideal = new float[groups];
        float extreme = 0;
        for (int g = 0; g < groups; g++) {
            ideal[g] = ScaleSearch.symmetric(levels, new ScaleSearch.Group(w, importance, at + g * size, size));
            if (Math.abs(ideal[g]) > Math.abs(extreme)) {
                extreme = ideal[g];
            }
        }
        float d = extreme / lowest;
        double least = Double.POSITIVE_INFINITY;
        byte[] scales = new byte[groups];
        short kept = 0;
        for (int round = 0; round < ROUNDS; round++) {
            short bits = BlockChooser.f16(d);
            byte[] found = new byte[groups];
            double error = scales(w, importance, at, Float.float16ToFloat(bits), ideal, found);
            if (error >= least) {
                break;
            }
            least = error;
            kept = bits;
            scales = found;
            d = factor(w, importance, at, Float.float16ToFloat(bits), found);
        }
        out.factors(kept, (short) 0);
        System.arraycopy(scales, 0, out.scales(), 0, groups);
        for (int g = 0; g < groups; g++) {
            BlockChooser.codes(levels, Float.float16ToFloat(kept) * scales[g], w, at, g * size, size, out);
        }
    }

    /** The best integer scale of every group, among the neighbours of the ideal one; returns the error of the block. */
    private double scales(float[] w, float[] importance, int at, float d, float[] ideal, byte[] found) {
        double total = 0;
        for (int g = 0; g < groups; g++) {
            int middle = d == 0 ? 0 : Math.round(ideal[g] / d);
            double least = Double.POSITIVE_INFINITY;
            for (int s = middle - 1; s <= middle + 1; s++) {
                int scale = Math.clamp(s, lowest, -1 - lowest);
                double e = error(w, importance, at + g * size, d * scale);
                if (e < least) {
                    least = e;
                    found[g] = (byte) scale;
                }
            }
            total += least;
        }
        return total;
    }

    private double error(float[] w, float[] importance, int from, float s) {
        float inverse = s == 0 ? 0 : 1 / s;
        float sum = 0;
        for (int i = from; i < from + size; i++) {
            float d = w[i] - s * levels.value(levels.nearest(w[i] * inverse));
            sum += importance[i] * d * d;
        }
        return sum;
    }

    /** The d of least error for the scales, and the codes they have with the d before. */
    private float factor(float[] w, float[] importance, int at, float before, byte[] scales) {
        double xv = 0;
        double vv = 0;
        for (int g = 0; g < groups; g++) {
            float s = before * scales[g];
            float inverse = s == 0 ? 0 : 1 / s;
            for (int i = at + g * size; i < at + (g + 1) * size; i++) {
                double v = scales[g] * (double) levels.value(levels.nearest(w[i] * inverse));
                xv += importance[i] * w[i] * v;
                vv += importance[i] * v * v;
            }
        }
        return vv > 0 ? (float) (xv / vv) : before;
    }
}
