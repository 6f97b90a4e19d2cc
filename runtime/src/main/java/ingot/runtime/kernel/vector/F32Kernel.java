package ingot.runtime.kernel.vector;

import ingot.formats.Numbers;
import ingot.runtime.kernel.Matrix;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Row-major f32: lanes are columns, four sums per row. */
final class F32Kernel implements WeightKernel {
    private static final VectorSpecies<Float> F = Width.species(MethodHandles.lookup());
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
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
            y[row] = dot(weights, (long) row * w.cols() * Float.BYTES, prepared, w.cols());
        }
    }

    private static float dot(MemorySegment weights, long at, float[] x, int cols) {
        int lanes = F.length();
        int main = cols - cols % (4 * Sixteen.LANES);
        float sum = SUM.of(
                switch (Sixteen.parts(F)) {
                    case 1 -> part(weights, at, x, 0, main);
                    case 2 -> part(weights, at, x, 0, main).add(part(weights, at, x, lanes, main));
                    default ->
                        part(weights, at, x, 0, main)
                                .add(part(weights, at, x, 2 * lanes, main))
                                .add(part(weights, at, x, lanes, main).add(part(weights, at, x, 3 * lanes, main)));
                });
        for (int k = main; k < cols; k++) {
            sum = Math.fma(weights.get(Numbers.LE_FLOAT, at + (long) k * Float.BYTES), x[k], sum);
        }
        return sum;
    }

    /** Some of the sixteen sums, those from {@code lane} on; each is the sum of four. */
    private static FloatVector part(MemorySegment weights, long at, float[] x, int lane, int cols) {
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = FloatVector.zero(F);
        FloatVector s2 = FloatVector.zero(F);
        FloatVector s3 = FloatVector.zero(F);
        for (int i = 0; i < cols; i += 4 * Sixteen.LANES) {
            int k = i + lane;
            s0 = load(weights, at, k).fma(FloatVector.fromArray(F, x, k), s0);
            k += Sixteen.LANES;
            s1 = load(weights, at, k).fma(FloatVector.fromArray(F, x, k), s1);
            k += Sixteen.LANES;
            s2 = load(weights, at, k).fma(FloatVector.fromArray(F, x, k), s2);
            k += Sixteen.LANES;
            s3 = load(weights, at, k).fma(FloatVector.fromArray(F, x, k), s3);
        }
        return s0.add(s1).add(s2.add(s3));
    }

    private static FloatVector load(MemorySegment weights, long at, int k) {
        return FloatVector.fromMemorySegment(F, weights, at + (long) k * Float.BYTES, LE);
    }

    @Override
    public void expand(Matrix w, int block, int col, int cols, float[] panel, int at) {
        rows.expand(w, block, col, cols, panel, at);
    }
}
