package ingot.runtime.kernel.vector;

import ingot.runtime.kernel.Matrix;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Row-major f16: a row is widened to f32 and then multiplied, lanes being columns; four sums per row. */
final class F16Kernel implements WeightKernel {
    private final Halves halves = new Halves();

    private static final VectorSpecies<Float> F = Width.species(MethodHandles.lookup());
    private static final LaneSum SUM = LaneSum.of(F);

    private final RowPanel rows = new RowPanel();

    @Override
    public int preparedLength(Matrix w) {
        return w.cols();
    }

    @Override
    public void prepare(Matrix w, float[] x, float[] prepared) {
        System.arraycopy(x, 0, prepared, 0, w.cols());
    }

    @Override
    public void matvec(Matrix w, float[] prepared, int block, float[] y) {
        MemorySegment weights = w.parts().getFirst();
        for (int row = block * ROWS; row < Math.min(w.rows(), (block + 1) * ROWS); row++) {
            float[] wide = halves.widen(weights, (long) row * w.cols() * Short.BYTES, w.cols());
            y[row] = dot(wide, prepared, w.cols());
        }
    }

    private static float dot(float[] w, float[] x, int cols) {
        int lanes = F.length();
        int main = cols - cols % (4 * lanes);
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = FloatVector.zero(F);
        FloatVector s2 = FloatVector.zero(F);
        FloatVector s3 = FloatVector.zero(F);
        for (int k = 0; k < main; k += 4 * lanes) {
            s0 = FloatVector.fromArray(F, w, k).fma(FloatVector.fromArray(F, x, k), s0);
            s1 = FloatVector.fromArray(F, w, k + lanes).fma(FloatVector.fromArray(F, x, k + lanes), s1);
            s2 = FloatVector.fromArray(F, w, k + 2 * lanes).fma(FloatVector.fromArray(F, x, k + 2 * lanes), s2);
            s3 = FloatVector.fromArray(F, w, k + 3 * lanes).fma(FloatVector.fromArray(F, x, k + 3 * lanes), s3);
        }
        float sum = SUM.of(s0.add(s1).add(s2.add(s3)));
        for (int k = main; k < cols; k++) {
            sum = Math.fma(w[k], x[k], sum);
        }
        return sum;
    }

    @Override
    public void expand(Matrix w, int block, int col, int cols, float[] panel, int at) {
        rows.expand(w, block, col, cols, panel, at);
    }
}
