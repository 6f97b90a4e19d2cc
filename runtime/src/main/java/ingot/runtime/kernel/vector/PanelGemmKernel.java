package ingot.runtime.kernel.vector;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Two vectors of rows × six tokens: twelve accumulators, eight loads for twelve multiply-adds. */
final class PanelGemmKernel implements PanelGemm {
    private static final VectorSpecies<Float> F = Width.species(MethodHandles.lookup());

    @Override
    public void multiply(float[] panel, int cols, Activations x, int col, float[] sums) {
        for (int tile = 0; tile < x.tiles(); tile++) {
            int from = (tile * x.cols() + col) * TOKENS;
            for (int lane = 0; lane < LANES; lane += 2 * F.length()) {
                tile(panel, lane, cols, x.data(), from, sums, tile * TOKENS * LANES + lane);
            }
        }
    }

    private static void tile(float[] panel, int lane, int cols, float[] x, int from, float[] sums, int s) {
        int half = F.length();
        FloatVector a0 = FloatVector.zero(F);
        FloatVector b0 = FloatVector.zero(F);
        FloatVector a1 = FloatVector.zero(F);
        FloatVector b1 = FloatVector.zero(F);
        FloatVector a2 = FloatVector.zero(F);
        FloatVector b2 = FloatVector.zero(F);
        FloatVector a3 = FloatVector.zero(F);
        FloatVector b3 = FloatVector.zero(F);
        FloatVector a4 = FloatVector.zero(F);
        FloatVector b4 = FloatVector.zero(F);
        FloatVector a5 = FloatVector.zero(F);
        FloatVector b5 = FloatVector.zero(F);
        for (int j = 0; j < cols; j++) {
            FloatVector w0 = FloatVector.fromArray(F, panel, j * LANES + lane);
            FloatVector w1 = FloatVector.fromArray(F, panel, j * LANES + lane + half);
            int k = from + j * TOKENS;
            FloatVector v = FloatVector.broadcast(F, x[k]);
            a0 = w0.fma(v, a0);
            b0 = w1.fma(v, b0);
            v = FloatVector.broadcast(F, x[k + 1]);
            a1 = w0.fma(v, a1);
            b1 = w1.fma(v, b1);
            v = FloatVector.broadcast(F, x[k + 2]);
            a2 = w0.fma(v, a2);
            b2 = w1.fma(v, b2);
            v = FloatVector.broadcast(F, x[k + 3]);
            a3 = w0.fma(v, a3);
            b3 = w1.fma(v, b3);
            v = FloatVector.broadcast(F, x[k + 4]);
            a4 = w0.fma(v, a4);
            b4 = w1.fma(v, b4);
            v = FloatVector.broadcast(F, x[k + 5]);
            a5 = w0.fma(v, a5);
            b5 = w1.fma(v, b5);
        }
        add(a0, sums, s);
        add(b0, sums, s + half);
        add(a1, sums, s + LANES);
        add(b1, sums, s + LANES + half);
        add(a2, sums, s + 2 * LANES);
        add(b2, sums, s + 2 * LANES + half);
        add(a3, sums, s + 3 * LANES);
        add(b3, sums, s + 3 * LANES + half);
        add(a4, sums, s + 4 * LANES);
        add(b4, sums, s + 4 * LANES + half);
        add(a5, sums, s + 5 * LANES);
        add(b5, sums, s + 5 * LANES + half);
    }

    private static void add(FloatVector v, float[] sums, int at) {
        FloatVector.fromArray(F, sums, at).add(v).intoArray(sums, at);
    }
}
