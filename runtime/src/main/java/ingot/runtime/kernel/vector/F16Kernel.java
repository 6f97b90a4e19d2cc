package ingot.runtime.kernel.vector;

import ingot.formats.Numbers;
import ingot.runtime.kernel.Matrix;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Row-major f16: a 32-bit lane holds two columns, widened exactly; four sums per row. */
final class F16Kernel implements WeightKernel {
    private static final VectorSpecies<Float> F = Width.species(MethodHandles.lookup());
    private static final VectorSpecies<Integer> I = F.withLanes(int.class);
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
    private static final LaneSum SUM = LaneSum.of(F);

    private final RowPanel rows = new RowPanel();

    @Override
    public int preparedLength(Matrix w) {
        return w.cols();
    }

    @Override
    public void prepare(Matrix w, float[] x, float[] prepared) {
        Pairs.order(x, w.cols(), F.length(), prepared);
    }

    @Override
    public void matvec(Matrix w, float[] prepared, int block, float[] y) {
        MemorySegment weights = w.parts().getFirst();
        for (int row = block * ROWS; row < Math.min(w.rows(), (block + 1) * ROWS); row++) {
            y[row] = dot(weights, (long) row * w.cols() * Short.BYTES, prepared, w.cols());
        }
    }

    private static float dot(MemorySegment weights, long at, float[] x, int cols) {
        int lanes = F.length();
        int main = Pairs.vectorized(cols, lanes);
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = FloatVector.zero(F);
        FloatVector s2 = FloatVector.zero(F);
        FloatVector s3 = FloatVector.zero(F);
        for (int k = 0; k < main; k += 4 * lanes) {
            IntVector v = load(weights, at, k);
            s0 = even(v).fma(FloatVector.fromArray(F, x, k), s0);
            s1 = odd(v).fma(FloatVector.fromArray(F, x, k + lanes), s1);
            IntVector u = load(weights, at, k + 2 * lanes);
            s2 = even(u).fma(FloatVector.fromArray(F, x, k + 2 * lanes), s2);
            s3 = odd(u).fma(FloatVector.fromArray(F, x, k + 3 * lanes), s3);
        }
        float sum = SUM.of(s0.add(s1).add(s2.add(s3)));
        for (int k = main; k < cols; k++) {
            short bits = weights.get(Numbers.LE_SHORT, at + (long) k * Short.BYTES);
            sum = Math.fma(Float.float16ToFloat(bits), x[k], sum);
        }
        return sum;
    }

    /** Two lanes' worth of 16-bit weights from column k on, a pair of columns per lane. */
    private static IntVector load(MemorySegment weights, long at, int k) {
        return IntVector.fromMemorySegment(I, weights, at + (long) k * Short.BYTES, LE);
    }

    private static FloatVector even(IntVector pairs) {
        return Half.widen(pairs);
    }

    private static FloatVector odd(IntVector pairs) {
        return Half.widen(pairs.lanewise(VectorOperators.LSHR, 16));
    }

    @Override
    public void expand(Matrix w, int block, int col, int cols, float[] panel, int at) {
        rows.expand(w, block, col, cols, panel, at);
    }
}
