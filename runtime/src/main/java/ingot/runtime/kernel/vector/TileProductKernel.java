package ingot.runtime.kernel.vector;

import ingot.runtime.kernel.Blas.Tile;
import ingot.runtime.kernel.Scratch;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Six rows × two vectors of columns: twelve accumulators, eight loads for twelve multiply-adds. */
final class TileProductKernel implements TileProduct {
    private static final VectorSpecies<Float> F = Width.species(MethodHandles.lookup());

    private final Scratch scratch = new Scratch();

    @Override
    public void multiply(Packed a, Packed b, int k, Tile c) {
        float[] sums = scratch.floats(ROWS * COLS);
        for (int lane = 0; lane < COLS; lane += 2 * F.length()) {
            sum(a.data(), a.at(), b.data(), b.at() + lane, k, sums, lane);
        }
        add(sums, c.data(), c.at(), c.stride());
    }

    /** The sums leave through an array: with the additions in here the method exceeds what is compiled without boxes. */
    private static void sum(float[] a, int aAt, float[] b, int bAt, int k, float[] sums, int at) {
        int half = F.length();
        FloatVector p0 = FloatVector.zero(F);
        FloatVector q0 = FloatVector.zero(F);
        FloatVector p1 = FloatVector.zero(F);
        FloatVector q1 = FloatVector.zero(F);
        FloatVector p2 = FloatVector.zero(F);
        FloatVector q2 = FloatVector.zero(F);
        FloatVector p3 = FloatVector.zero(F);
        FloatVector q3 = FloatVector.zero(F);
        FloatVector p4 = FloatVector.zero(F);
        FloatVector q4 = FloatVector.zero(F);
        FloatVector p5 = FloatVector.zero(F);
        FloatVector q5 = FloatVector.zero(F);
        for (int l = 0; l < k; l++) {
            FloatVector b0 = FloatVector.fromArray(F, b, bAt + l * COLS);
            FloatVector b1 = FloatVector.fromArray(F, b, bAt + l * COLS + half);
            int i = aAt + l * ROWS;
            FloatVector v = FloatVector.broadcast(F, a[i]);
            p0 = b0.fma(v, p0);
            q0 = b1.fma(v, q0);
            v = FloatVector.broadcast(F, a[i + 1]);
            p1 = b0.fma(v, p1);
            q1 = b1.fma(v, q1);
            v = FloatVector.broadcast(F, a[i + 2]);
            p2 = b0.fma(v, p2);
            q2 = b1.fma(v, q2);
            v = FloatVector.broadcast(F, a[i + 3]);
            p3 = b0.fma(v, p3);
            q3 = b1.fma(v, q3);
            v = FloatVector.broadcast(F, a[i + 4]);
            p4 = b0.fma(v, p4);
            q4 = b1.fma(v, q4);
            v = FloatVector.broadcast(F, a[i + 5]);
            p5 = b0.fma(v, p5);
            q5 = b1.fma(v, q5);
        }
        p0.intoArray(sums, at);
        q0.intoArray(sums, at + half);
        p1.intoArray(sums, at + COLS);
        q1.intoArray(sums, at + COLS + half);
        p2.intoArray(sums, at + 2 * COLS);
        q2.intoArray(sums, at + 2 * COLS + half);
        p3.intoArray(sums, at + 3 * COLS);
        q3.intoArray(sums, at + 3 * COLS + half);
        p4.intoArray(sums, at + 4 * COLS);
        q4.intoArray(sums, at + 4 * COLS + half);
        p5.intoArray(sums, at + 5 * COLS);
        q5.intoArray(sums, at + 5 * COLS + half);
    }

    private static void add(float[] sums, float[] c, int cAt, int stride) {
        for (int i = 0; i < ROWS; i++) {
            for (int j = 0; j < COLS; j += F.length()) {
                int at = cAt + i * stride + j;
                FloatVector.fromArray(F, c, at)
                        .add(FloatVector.fromArray(F, sums, i * COLS + j))
                        .intoArray(c, at);
            }
        }
    }

    @Override
    public void solve(Tile l, int count, Packed x) {
        for (int lane = x.at(); lane < x.at() + COLS; lane += F.length()) {
            for (int i = 0; i < count; i++) {
                int row = l.at() + i * l.stride();
                solve(l.data(), row, i, x.data(), lane);
            }
        }
    }

    private static void solve(float[] l, int row, int i, float[] x, int lane) {
        FloatVector rest = FloatVector.fromArray(F, x, lane + i * COLS);
        for (int k = 0; k < i; k++) {
            rest = FloatVector.fromArray(F, x, lane + k * COLS).fma(FloatVector.broadcast(F, -l[row + k]), rest);
        }
        rest.div(l[row + i]).intoArray(x, lane + i * COLS);
    }
}
