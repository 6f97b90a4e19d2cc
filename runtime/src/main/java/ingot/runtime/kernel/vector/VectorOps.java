package ingot.runtime.kernel.vector;

import ingot.runtime.kernel.KvRows;
import ingot.runtime.kernel.Ops;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** The operations of a block; whatever does not fill a vector is done under a mask. */
final class VectorOps implements Ops {
    private static final VectorSpecies<Float> F = Width.species(MethodHandles.lookup());
    private static final int LANES = F.length();
    private static final LaneSum SUM = LaneSum.of(F);

    @Override
    public float dot(float[] a, int aAt, float[] b, int bAt, int n) {
        int main = n - n % (2 * Sixteen.LANES);
        float sum = SUM.of(
                switch (Sixteen.parts(F)) {
                    case 1 -> part(a, aAt, b, bAt, main);
                    case 2 -> part(a, aAt, b, bAt, main).add(part(a, aAt + LANES, b, bAt + LANES, main));
                    default ->
                        part(a, aAt, b, bAt, main)
                                .add(part(a, aAt + 2 * LANES, b, bAt + 2 * LANES, main))
                                .add(part(a, aAt + LANES, b, bAt + LANES, main)
                                        .add(part(a, aAt + 3 * LANES, b, bAt + 3 * LANES, main)));
                });
        for (int i = main; i < n; i++) {
            sum = Math.fma(a[aAt + i], b[bAt + i], sum);
        }
        return sum;
    }

    /** Some of the sixteen sums: as many as there are lanes. */
    private static FloatVector part(float[] a, int aAt, float[] b, int bAt, int n) {
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = FloatVector.zero(F);
        for (int i = 0; i < n; i += 2 * Sixteen.LANES) {
            int j = i + Sixteen.LANES;
            s0 = FloatVector.fromArray(F, a, aAt + i).fma(FloatVector.fromArray(F, b, bAt + i), s0);
            s1 = FloatVector.fromArray(F, a, aAt + j).fma(FloatVector.fromArray(F, b, bAt + j), s1);
        }
        return s0.add(s1);
    }

    @Override
    public void axpy(float scale, float[] x, int xAt, float[] y, int yAt, int n) {
        FloatVector factor = FloatVector.broadcast(F, scale);
        int main = F.loopBound(n);
        for (int i = 0; i < main; i += LANES) {
            FloatVector sum = FloatVector.fromArray(F, y, yAt + i);
            FloatVector.fromArray(F, x, xAt + i).fma(factor, sum).intoArray(y, yAt + i);
        }
        for (int i = main; i < n; i++) {
            y[yAt + i] = Math.fma(scale, x[xAt + i], y[yAt + i]);
        }
    }

    @Override
    public void add(float[] x, int xAt, float[] y, int yAt, int n) {
        int main = F.loopBound(n);
        for (int i = 0; i < main; i += LANES) {
            FloatVector.fromArray(F, y, yAt + i)
                    .add(FloatVector.fromArray(F, x, xAt + i))
                    .intoArray(y, yAt + i);
        }
        for (int i = main; i < n; i++) {
            y[yAt + i] += x[xAt + i];
        }
    }

    @Override
    public void rmsNorm(float[] x, int xAt, float[] weight, float eps, float[] out, int outAt) {
        int n = weight.length;
        float scale = (float) (1 / Math.sqrt((double) dot(x, xAt, x, xAt, n) / n + eps));
        int main = F.loopBound(n);
        for (int i = 0; i < main; i += LANES) {
            FloatVector scaled = FloatVector.fromArray(F, x, xAt + i).mul(scale);
            scaled.mul(FloatVector.fromArray(F, weight, i)).intoArray(out, outAt + i);
        }
        for (int i = main; i < n; i++) {
            out[outAt + i] = x[xAt + i] * scale * weight[i];
        }
    }

    @Override
    public void softmax(float[] x, int at, int n) {
        int main = F.loopBound(n);
        VectorMask<Float> rest = F.indexInRange(main, n);
        FloatVector lowest = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        FloatVector max = lowest;
        for (int i = 0; i < main; i += LANES) {
            max = max.max(FloatVector.fromArray(F, x, at + i));
        }
        if (main < n) {
            max = max.max(lowest.blend(FloatVector.fromArray(F, x, at + main, rest), rest));
        }
        float top = max.reduceLanes(VectorOperators.MAX);
        for (int i = 0; i < main; i += LANES) {
            Exp.of(FloatVector.fromArray(F, x, at + i).sub(top)).intoArray(x, at + i);
        }
        if (main < n) {
            Exp.of(FloatVector.fromArray(F, x, at + main, rest).sub(top)).intoArray(x, at + main, rest);
        }
        float scale = 1 / sum(x, at, n);
        for (int i = 0; i < main; i += LANES) {
            FloatVector.fromArray(F, x, at + i).mul(scale).intoArray(x, at + i);
        }
        for (int i = main; i < n; i++) {
            x[at + i] *= scale;
        }
    }

    private static float sum(float[] x, int at, int n) {
        return SUM.of(
                switch (Sixteen.parts(F)) {
                    case 1 -> part(x, at, n, 0);
                    case 2 -> part(x, at, n, 0).add(part(x, at, n, LANES));
                    default ->
                        part(x, at, n, 0)
                                .add(part(x, at, n, 2 * LANES))
                                .add(part(x, at, n, LANES).add(part(x, at, n, 3 * LANES)));
                });
    }

    /** Some of the sixteen sums, those from {@code lane} on. */
    private static FloatVector part(float[] x, int at, int n, int lane) {
        FloatVector sum = FloatVector.zero(F);
        int i = lane;
        for (; i + LANES <= n; i += Sixteen.LANES) {
            sum = sum.add(FloatVector.fromArray(F, x, at + i));
        }
        return i < n ? sum.add(FloatVector.fromArray(F, x, at + i, F.indexInRange(i, n))) : sum;
    }

    @Override
    public void siluMul(float[] gate, int gateAt, float[] up, int upAt, int n) {
        int main = F.loopBound(n);
        for (int i = 0; i < main; i += LANES) {
            FloatVector g = FloatVector.fromArray(F, gate, gateAt + i);
            silu(g).mul(FloatVector.fromArray(F, up, upAt + i)).intoArray(gate, gateAt + i);
        }
        if (main < n) {
            VectorMask<Float> rest = F.indexInRange(main, n);
            FloatVector g = FloatVector.fromArray(F, gate, gateAt + main, rest);
            silu(g).mul(FloatVector.fromArray(F, up, upAt + main, rest)).intoArray(gate, gateAt + main, rest);
        }
    }

    private static FloatVector silu(FloatVector g) {
        return gated(g, g);
    }

    private static FloatVector gated(FloatVector gate, FloatVector x) {
        return x.div(Exp.of(gate.neg()).add(1));
    }

    @Override
    public void sigmoidMul(float[] gate, int gateAt, float[] x, int xAt, int n) {
        int main = F.loopBound(n);
        for (int i = 0; i < main; i += LANES) {
            FloatVector g = FloatVector.fromArray(F, gate, gateAt + i);
            gated(g, FloatVector.fromArray(F, x, xAt + i)).intoArray(x, xAt + i);
        }
        if (main < n) {
            VectorMask<Float> rest = F.indexInRange(main, n);
            FloatVector g = FloatVector.fromArray(F, gate, gateAt + main, rest);
            gated(g, FloatVector.fromArray(F, x, xAt + main, rest)).intoArray(x, xAt + main, rest);
        }
    }

    @Override
    public void rotate(float[] x, int at, int half, float[] cos, float[] sin, int tableAt) {
        int main = F.loopBound(half);
        for (int i = 0; i < main; i += LANES) {
            FloatVector x1 = FloatVector.fromArray(F, x, at + i);
            FloatVector x2 = FloatVector.fromArray(F, x, at + half + i);
            FloatVector c = FloatVector.fromArray(F, cos, tableAt + i);
            FloatVector s = FloatVector.fromArray(F, sin, tableAt + i);
            x1.mul(c).sub(x2.mul(s)).intoArray(x, at + i);
            x2.mul(c).add(x1.mul(s)).intoArray(x, at + half + i);
        }
        for (int i = main; i < half; i++) {
            float x1 = x[at + i];
            float x2 = x[at + half + i];
            x[at + i] = x1 * cos[tableAt + i] - x2 * sin[tableAt + i];
            x[at + half + i] = x2 * cos[tableAt + i] + x1 * sin[tableAt + i];
        }
    }

    @Override
    public void scores(float[] q, int qAt, KvRows keys, int n, float scale, float[] out, int outAt) {
        for (int i = 0; i < n; i++) {
            out[outAt + i] = scale * dot(q, qAt, keys.data(), keys.at() + i * keys.stride(), keys.dim());
        }
    }

    @Override
    public void accumulate(float[] weights, int weightsAt, KvRows values, int n, float[] out, int outAt) {
        int dim = values.dim();
        int main = F.loopBound(dim);
        for (int d = 0; d < main; d += LANES) {
            FloatVector sum = FloatVector.fromArray(F, out, outAt + d);
            int at = values.at() + d;
            for (int i = 0; i < n; i++) {
                FloatVector value = FloatVector.fromArray(F, values.data(), at + i * values.stride());
                sum = value.fma(FloatVector.broadcast(F, weights[weightsAt + i]), sum);
            }
            sum.intoArray(out, outAt + d);
        }
        for (int d = main; d < dim; d++) {
            float sum = out[outAt + d];
            for (int i = 0; i < n; i++) {
                sum = Math.fma(values.data()[values.at() + i * values.stride() + d], weights[weightsAt + i], sum);
            }
            out[outAt + d] = sum;
        }
    }
}
