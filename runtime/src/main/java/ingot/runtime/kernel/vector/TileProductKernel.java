package ingot.runtime.kernel.vector;

import ingot.runtime.kernel.Blas.Tile;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Six rows × two vectors of columns: twelve accumulators, eight loads for twelve multiply-adds. Where there are 32 registers of
 * 16 lanes, twelve rows: fourteen loads for 24.
 */
final class TileProductKernel implements TileProduct {
    private static final VectorSpecies<Float> F = Width.species(MethodHandles.lookup());
    private static final int HALF = ROWS / 2;
    private static final boolean TWELVE = 2 * F.length() == COLS;

    @Override
    public void multiply(Packed a, int rows, Packed b, int k, float[] sums, Tile c) {
        if (TWELVE && rows > HALF) {
            twelve(a.data(), a.at(), b.data(), b.at(), k, sums);
        } else {
            for (int row = 0; row < rows; row += HALF) {
                for (int lane = 0; lane < COLS; lane += 2 * F.length()) {
                    six(a.data(), a.at() + row, b.data(), b.at() + lane, k, sums, row * COLS + lane);
                }
            }
        }
        add(sums, rows > HALF ? ROWS : HALF, c.data(), c.at(), c.stride());
    }

    /** The sums leave through an array: with the additions in here the method exceeds what is compiled without boxes. */
    private static void six(float[] a, int aAt, float[] b, int bAt, int k, float[] sums, int at) {
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

    /** The same for all rows where a vector is half of the columns. */
    private static void twelve(float[] a, int aAt, float[] b, int bAt, int k, float[] sums) {
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
        FloatVector p6 = FloatVector.zero(F);
        FloatVector q6 = FloatVector.zero(F);
        FloatVector p7 = FloatVector.zero(F);
        FloatVector q7 = FloatVector.zero(F);
        FloatVector p8 = FloatVector.zero(F);
        FloatVector q8 = FloatVector.zero(F);
        FloatVector p9 = FloatVector.zero(F);
        FloatVector q9 = FloatVector.zero(F);
        FloatVector p10 = FloatVector.zero(F);
        FloatVector q10 = FloatVector.zero(F);
        FloatVector p11 = FloatVector.zero(F);
        FloatVector q11 = FloatVector.zero(F);
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
            v = FloatVector.broadcast(F, a[i + 6]);
            p6 = b0.fma(v, p6);
            q6 = b1.fma(v, q6);
            v = FloatVector.broadcast(F, a[i + 7]);
            p7 = b0.fma(v, p7);
            q7 = b1.fma(v, q7);
            v = FloatVector.broadcast(F, a[i + 8]);
            p8 = b0.fma(v, p8);
            q8 = b1.fma(v, q8);
            v = FloatVector.broadcast(F, a[i + 9]);
            p9 = b0.fma(v, p9);
            q9 = b1.fma(v, q9);
            v = FloatVector.broadcast(F, a[i + 10]);
            p10 = b0.fma(v, p10);
            q10 = b1.fma(v, q10);
            v = FloatVector.broadcast(F, a[i + 11]);
            p11 = b0.fma(v, p11);
            q11 = b1.fma(v, q11);
        }
        p0.intoArray(sums, 0);
        q0.intoArray(sums, half);
        p1.intoArray(sums, COLS);
        q1.intoArray(sums, COLS + half);
        p2.intoArray(sums, 2 * COLS);
        q2.intoArray(sums, 2 * COLS + half);
        p3.intoArray(sums, 3 * COLS);
        q3.intoArray(sums, 3 * COLS + half);
        p4.intoArray(sums, 4 * COLS);
        q4.intoArray(sums, 4 * COLS + half);
        p5.intoArray(sums, 5 * COLS);
        q5.intoArray(sums, 5 * COLS + half);
        p6.intoArray(sums, 6 * COLS);
        q6.intoArray(sums, 6 * COLS + half);
        p7.intoArray(sums, 7 * COLS);
        q7.intoArray(sums, 7 * COLS + half);
        p8.intoArray(sums, 8 * COLS);
        q8.intoArray(sums, 8 * COLS + half);
        p9.intoArray(sums, 9 * COLS);
        q9.intoArray(sums, 9 * COLS + half);
        p10.intoArray(sums, 10 * COLS);
        q10.intoArray(sums, 10 * COLS + half);
        p11.intoArray(sums, 11 * COLS);
        q11.intoArray(sums, 11 * COLS + half);
    }

    private static void add(float[] sums, int rows, float[] c, int cAt, int stride) {
        for (int i = 0; i < rows; i++) {
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
