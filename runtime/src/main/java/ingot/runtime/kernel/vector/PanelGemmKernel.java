package ingot.runtime.kernel.vector;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Two vectors of rows × six tokens: twelve accumulators, eight loads for twelve multiply-adds. */
final class PanelGemmKernel implements PanelGemm {
    private static final VectorSpecies<Float> F = Width.species(MethodHandles.lookup());

    @Override
    public void multiply(float[] panel, int cols, Activations x, int col, float[] sums) {
        for (int t = 0; t < x.tokens(); t += TOKENS) {
            for (int lane = 0; lane < LANES; lane += 2 * F.length()) {
                tile(panel, lane, cols, x, col, t, sums);
            }
        }
    }

    private static void tile(float[] panel, int lane, int cols, Activations x, int col, int t, float[] sums) {
        float[] data = x.data();
        int last = x.tokens() - 1;
        // Where tokens end before the tile does, the last one is repeated; its copies land in sums that nobody reads.
        int x0 = Math.min(last, t) * x.stride() + col;
        int x1 = Math.min(last, t + 1) * x.stride() + col;
        int x2 = Math.min(last, t + 2) * x.stride() + col;
        int x3 = Math.min(last, t + 3) * x.stride() + col;
        int x4 = Math.min(last, t + 4) * x.stride() + col;
        int x5 = Math.min(last, t + 5) * x.stride() + col;
        int s = t * LANES + lane;
        int half = F.length();
        FloatVector a0 = FloatVector.fromArray(F, sums, s);
        FloatVector b0 = FloatVector.fromArray(F, sums, s + half);
        FloatVector a1 = FloatVector.fromArray(F, sums, s + LANES);
        FloatVector b1 = FloatVector.fromArray(F, sums, s + LANES + half);
        FloatVector a2 = FloatVector.fromArray(F, sums, s + 2 * LANES);
        FloatVector b2 = FloatVector.fromArray(F, sums, s + 2 * LANES + half);
        FloatVector a3 = FloatVector.fromArray(F, sums, s + 3 * LANES);
        FloatVector b3 = FloatVector.fromArray(F, sums, s + 3 * LANES + half);
        FloatVector a4 = FloatVector.fromArray(F, sums, s + 4 * LANES);
        FloatVector b4 = FloatVector.fromArray(F, sums, s + 4 * LANES + half);
        FloatVector a5 = FloatVector.fromArray(F, sums, s + 5 * LANES);
        FloatVector b5 = FloatVector.fromArray(F, sums, s + 5 * LANES + half);
        for (int j = 0; j < cols; j++) {
            FloatVector w0 = FloatVector.fromArray(F, panel, j * LANES + lane);
            FloatVector w1 = FloatVector.fromArray(F, panel, j * LANES + lane + half);
            FloatVector v = FloatVector.broadcast(F, data[x0 + j]);
            a0 = w0.fma(v, a0);
            b0 = w1.fma(v, b0);
            v = FloatVector.broadcast(F, data[x1 + j]);
            a1 = w0.fma(v, a1);
            b1 = w1.fma(v, b1);
            v = FloatVector.broadcast(F, data[x2 + j]);
            a2 = w0.fma(v, a2);
            b2 = w1.fma(v, b2);
            v = FloatVector.broadcast(F, data[x3 + j]);
            a3 = w0.fma(v, a3);
            b3 = w1.fma(v, b3);
            v = FloatVector.broadcast(F, data[x4 + j]);
            a4 = w0.fma(v, a4);
            b4 = w1.fma(v, b4);
            v = FloatVector.broadcast(F, data[x5 + j]);
            a5 = w0.fma(v, a5);
            b5 = w1.fma(v, b5);
        }
        a0.intoArray(sums, s);
        b0.intoArray(sums, s + half);
        a1.intoArray(sums, s + LANES);
        b1.intoArray(sums, s + LANES + half);
        a2.intoArray(sums, s + 2 * LANES);
        b2.intoArray(sums, s + 2 * LANES + half);
        a3.intoArray(sums, s + 3 * LANES);
        b3.intoArray(sums, s + 3 * LANES + half);
        a4.intoArray(sums, s + 4 * LANES);
        b4.intoArray(sums, s + 4 * LANES + half);
        a5.intoArray(sums, s + 5 * LANES);
        b5.intoArray(sums, s + 5 * LANES + half);
    }
}
