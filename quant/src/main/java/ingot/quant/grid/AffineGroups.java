package ingot.quant.grid;

import ingot.formats.gguf.BlockNumbers;
import ingot.formats.gguf.PackedBlock;

/**
 * Q4_K and Q5_K: ŵ = d · scale[g] · code − dmin · min[g], scales and minima of 6 bits. Starts from the best scale and offset
 * of every group, then alternates between the best integers for d and dmin and the best d and dmin for the integers.
 */
final class AffineGroups implements BlockChooser {
    private static final int ROUNDS = 3;
    private static final int MAX = 63;

    private final int top;
    private final int groups;
    private final int size;

    AffineGroups(PackedBlock block) {
        this.top = block.highest();
        this.groups = block.groups();
        this.size = block.weights() / groups;
    }

    /** What one round found. */
    private record Found(float d, float dmin, byte[] scales, byte[] mins, double error) {}

    @Override
    public void choose(float[] w, float[] importance, int at, BlockNumbers out) {
        ScaleSearch.Affine[] ideal = new ScaleSearch.Affine[groups];
        float maxScale = 0;
        float maxMin = 0;
        for (int g = 0; g < groups; g++) {
            var group = new ScaleSearch.Group(w, importance, at + g * size, size);
            ideal[g] = ScaleSearch.affine(top, true, group);
            maxScale = Math.max(maxScale, ideal[g].s());
            maxMin = Math.max(maxMin, -ideal[g].m());
        }
        float d = maxScale / MAX;
        float dmin = maxMin / MAX;
        Found best = null;
        for (int round = 0; round < ROUNDS; round++) {
            Found found = integers(w, importance, at, rounded(d), rounded(dmin), ideal);
            if (best != null && found.error() >= best.error()) {
                break;
            }
            best = found;
            double[] factors = factors(w, importance, at, found);
            d = (float) factors[0];
            dmin = (float) factors[1];
        }
        if (best == null) {
            throw new IllegalStateException("no round");
        }
        out.factors(BlockChooser.f16(best.d()), BlockChooser.f16(best.dmin()));
        for (int g = 0; g < groups; g++) {
            out.scales()[g] = best.scales()[g];
            out.mins()[g] = best.mins()[g];
            float s = best.d() * best.scales()[g];
            float m = best.dmin() * best.mins()[g];
            float inverse = s == 0 ? 0 : 1 / s;
            for (int i = g * size; i < (g + 1) * size; i++) {
                out.codes()[i] = (byte) ScaleSearch.code(top, (w[at + i] + m) * inverse);
            }
        }
    }

    private static float rounded(float factor) {
        return Float.float16ToFloat(BlockChooser.f16(factor));
    }

    /** The best integers of every group among the neighbours of the ideal ones. */
    private Found integers(float[] w, float[] importance, int at, float d, float dmin, ScaleSearch.Affine[] ideal) {
        byte[] scales = new byte[groups];
        byte[] mins = new byte[groups];
        double total = 0;
        for (int g = 0; g < groups; g++) {
            int scale = d == 0 ? 0 : Math.round(ideal[g].s() / d);
            int min = dmin == 0 ? 0 : Math.round(-ideal[g].m() / dmin);
            double least = Double.POSITIVE_INFINITY;
            for (int s = scale - 1; s <= scale + 1; s++) {
                for (int m = min - 1; m <= min + 1; m++) {
                    int ls = Math.clamp(s, 0, MAX);
                    int lm = Math.clamp(m, 0, MAX);
                    double e = error(w, importance, at + g * size, d * ls, dmin * lm);
                    if (e < least) {
                        least = e;
                        scales[g] = (byte) ls;
                        mins[g] = (byte) lm;
                    }
                }
            }
            total += least;
        }
        return new Found(d, dmin, scales, mins, total);
    }

    private double error(float[] w, float[] importance, int from, float s, float m) {
        float inverse = s == 0 ? 0 : 1 / s;
        float sum = 0;
        for (int i = from; i < from + size; i++) {
            float e = w[i] - (s * ScaleSearch.code(top, (w[i] + m) * inverse) - m);
            sum += importance[i] * e * e;
        }
        return sum;
    }

    /** d and dmin of least error for the integers, and the codes they have with the factors before: 2 × 2 equations. */
    private double[] factors(float[] w, float[] importance, int at, Found found) {
        double aa = 0;
        double ab = 0;
        double bb = 0;
        double xa = 0;
        double xb = 0;
        for (int g = 0; g < groups; g++) {
            float s = found.d() * found.scales()[g];
            float m = found.dmin() * found.mins()[g];
            float inverse = s == 0 ? 0 : 1 / s;
            for (int i = at + g * size; i < at + (g + 1) * size; i++) {
                double a = found.scales()[g] * (double) ScaleSearch.code(top, (w[i] + m) * inverse);
                double b = -found.mins()[g];
                double h = importance[i];
                aa += h * a * a;
                ab += h * a * b;
                bb += h * b * b;
                xa += h * a * w[i];
                xb += h * b * w[i];
            }
        }
        double determinant = aa * bb - ab * ab;
        if (determinant > 1e-9 * aa * bb) {
            double d = (xa * bb - xb * ab) / determinant;
            double dmin = (xb * aa - xa * ab) / determinant;
            if (d > 0 && dmin >= 0) {
                return new double[] {d, dmin};
            }
        }
        return new double[] {aa > 0 && bb == 0 ? Math.max(0, xa / aa) : found.d(), found.dmin()};
    }
}
