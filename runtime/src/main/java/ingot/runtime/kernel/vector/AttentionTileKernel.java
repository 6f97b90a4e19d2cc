package ingot.runtime.kernel.vector;

import ingot.runtime.kernel.KvPage;
import ingot.runtime.kernel.Queries;
import ingot.runtime.kernel.attention.AttentionTile;
import ingot.runtime.kernel.attention.FloatRows;
import ingot.runtime.kernel.attention.PageCodes;
import ingot.runtime.kernel.attention.PageReader;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Products in tiles of four rows × two vectors: eight accumulators, for which every width has registers. */
final class AttentionTileKernel implements AttentionTile {
    private static final VectorSpecies<Float> F = Width.species(MethodHandles.lookup());
    private static final int WIDTH = F.length();
    private static final int PANEL = KvPage.PANEL;

    /** As many bytes as a vector has floats, or eight, the fewest there are, for two vectors of four. */
    private static final VectorSpecies<Byte> B = WIDTH == 16 ? ByteVector.SPECIES_128 : ByteVector.SPECIES_64;

    @Override
    public void add(FloatRows a, int rows, PageReader b, int bAt, int k, FloatRows c) {
        for (int lane = 0; lane < PANEL; lane += 2 * WIDTH) {
            int panel = b.at() + bAt + lane;
            int row = 0;
            for (; rows - row > 2; row += Queries.TILE) {
                four(a, row, b.data(), panel, k, c, lane);
            }
            if (rows - row == 2) {
                two(a, row, b.data(), panel, k, c, lane);
            } else if (rows - row == 1) {
                one(a, row, b.data(), panel, k, c, lane);
            }
        }
    }

    private static void four(FloatRows a, int row, float[] y, int panel, int k, FloatRows c, int lane) {
        float[] x = a.data();
        float[] z = c.data();
        int x0 = a.cursor(row);
        int x1 = x0 + a.stride();
        int x2 = x1 + a.stride();
        int x3 = x2 + a.stride();
        int z0 = c.cursor(row) + lane;
        int z1 = z0 + c.stride();
        int z2 = z1 + c.stride();
        int z3 = z2 + c.stride();
        FloatVector p0 = FloatVector.fromArray(F, z, z0);
        FloatVector q0 = FloatVector.fromArray(F, z, z0 + WIDTH);
        FloatVector p1 = FloatVector.fromArray(F, z, z1);
        FloatVector q1 = FloatVector.fromArray(F, z, z1 + WIDTH);
        FloatVector p2 = FloatVector.fromArray(F, z, z2);
        FloatVector q2 = FloatVector.fromArray(F, z, z2 + WIDTH);
        FloatVector p3 = FloatVector.fromArray(F, z, z3);
        FloatVector q3 = FloatVector.fromArray(F, z, z3 + WIDTH);
        for (int i = 0; i < k; i++) {
            FloatVector b0 = FloatVector.fromArray(F, y, panel + i * PANEL);
            FloatVector b1 = FloatVector.fromArray(F, y, panel + i * PANEL + WIDTH);
            FloatVector v = FloatVector.broadcast(F, x[x0 + i]);
            p0 = b0.fma(v, p0);
            q0 = b1.fma(v, q0);
            v = FloatVector.broadcast(F, x[x1 + i]);
            p1 = b0.fma(v, p1);
            q1 = b1.fma(v, q1);
            v = FloatVector.broadcast(F, x[x2 + i]);
            p2 = b0.fma(v, p2);
            q2 = b1.fma(v, q2);
            v = FloatVector.broadcast(F, x[x3 + i]);
            p3 = b0.fma(v, p3);
            q3 = b1.fma(v, q3);
        }
        p0.intoArray(z, z0);
        q0.intoArray(z, z0 + WIDTH);
        p1.intoArray(z, z1);
        q1.intoArray(z, z1 + WIDTH);
        p2.intoArray(z, z2);
        q2.intoArray(z, z2 + WIDTH);
        p3.intoArray(z, z3);
        q3.intoArray(z, z3 + WIDTH);
    }

    private static void two(FloatRows a, int row, float[] y, int panel, int k, FloatRows c, int lane) {
        float[] x = a.data();
        float[] z = c.data();
        int x0 = a.cursor(row);
        int x1 = x0 + a.stride();
        int z0 = c.cursor(row) + lane;
        int z1 = z0 + c.stride();
        FloatVector p0 = FloatVector.fromArray(F, z, z0);
        FloatVector q0 = FloatVector.fromArray(F, z, z0 + WIDTH);
        FloatVector p1 = FloatVector.fromArray(F, z, z1);
        FloatVector q1 = FloatVector.fromArray(F, z, z1 + WIDTH);
        for (int i = 0; i < k; i++) {
            FloatVector b0 = FloatVector.fromArray(F, y, panel + i * PANEL);
            FloatVector b1 = FloatVector.fromArray(F, y, panel + i * PANEL + WIDTH);
            FloatVector v = FloatVector.broadcast(F, x[x0 + i]);
            p0 = b0.fma(v, p0);
            q0 = b1.fma(v, q0);
            v = FloatVector.broadcast(F, x[x1 + i]);
            p1 = b0.fma(v, p1);
            q1 = b1.fma(v, q1);
        }
        p0.intoArray(z, z0);
        q0.intoArray(z, z0 + WIDTH);
        p1.intoArray(z, z1);
        q1.intoArray(z, z1 + WIDTH);
    }

    private static void one(FloatRows a, int row, float[] y, int panel, int k, FloatRows c, int lane) {
        float[] x = a.data();
        float[] z = c.data();
        int x0 = a.cursor(row);
        int z0 = c.cursor(row) + lane;
        FloatVector p = FloatVector.fromArray(F, z, z0);
        FloatVector q = FloatVector.fromArray(F, z, z0 + WIDTH);
        for (int i = 0; i < k; i++) {
            FloatVector v = FloatVector.broadcast(F, x[x0 + i]);
            p = FloatVector.fromArray(F, y, panel + i * PANEL).fma(v, p);
            q = FloatVector.fromArray(F, y, panel + i * PANEL + WIDTH).fma(v, q);
        }
        p.intoArray(z, z0);
        q.intoArray(z, z0 + WIDTH);
    }

    @Override
    public float weigh(float[] w, int at, int stop, float[] sums) {
        float top = top(w, at, stop);
        exponentials(w, at, stop, top, sums);
        return top;
    }

    private static float top(float[] w, int at, int stop) {
        FloatVector max = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        for (int i = at; i < stop; i += WIDTH) {
            max = max.max(FloatVector.fromArray(F, w, i));
        }
        return max.reduceLanes(VectorOperators.MAX);
    }

    private static void exponentials(float[] w, int at, int stop, float top, float[] sums) {
        for (int lane = 0; lane < LANES; lane += WIDTH) {
            FloatVector sum = FloatVector.zero(F);
            for (int i = at + lane; i < stop; i += LANES) {
                FloatVector e = Exp.of(FloatVector.fromArray(F, w, i).sub(top));
                e.intoArray(w, i);
                sum = sum.add(e);
            }
            sum.intoArray(sums, lane);
        }
    }

    /** A flat loop, which is compiled to conversion instructions; the Vector API has none. */
    @Override
    public void widen(short[] halves, MemorySegment segment, int at, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            out[i] = Float.float16ToFloat(halves[at + i]);
        }
    }

    @Override
    public void scaleColumns(PageCodes codes, int scaleAt, float[] out, int at, int n) {
        byte[] bytes = codes.data();
        int from = codes.at() + at;
        for (int lane = 0; lane < PANEL; lane += B.length()) {
            FloatVector s0 = FloatVector.fromArray(F, codes.scales(), scaleAt + lane);
            FloatVector s1 = WIDTH == 4 ? FloatVector.fromArray(F, codes.scales(), scaleAt + lane + WIDTH) : s0;
            for (int i = lane; i < n; i += PANEL) {
                ByteVector c = ByteVector.fromArray(B, bytes, from + i);
                low(c).mul(s0).intoArray(out, at + i);
                if (WIDTH == 4) {
                    high(c).mul(s1).intoArray(out, at + i + WIDTH);
                }
            }
        }
    }

    @Override
    public void scaleRows(PageCodes codes, int scaleAt, float[] out, int at, int n) {
        byte[] bytes = codes.data();
        int from = codes.at() + at;
        float[] scales = codes.scales();
        // One long loop per column of vectors: a short one per row costs more than its work.
        for (int lane = 0; lane < PANEL; lane += B.length()) {
            for (int row = 0; row < n / PANEL; row++) {
                FloatVector scale = FloatVector.broadcast(F, scales[scaleAt + row]);
                int i = row * PANEL + lane;
                ByteVector c = ByteVector.fromArray(B, bytes, from + i);
                low(c).mul(scale).intoArray(out, at + i);
                if (WIDTH == 4) {
                    high(c).mul(scale).intoArray(out, at + i + WIDTH);
                }
            }
        }
    }

    private static FloatVector low(ByteVector codes) {
        return (FloatVector) codes.convertShape(VectorOperators.B2F, F, 0);
    }

    private static FloatVector high(ByteVector codes) {
        return (FloatVector) codes.convertShape(VectorOperators.B2F, F, 1);
    }
}
