package ingot.runtime.kernel.vector;

import ingot.formats.block.Blocks;
import ingot.formats.block.Int8;
import ingot.runtime.kernel.Matrix;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link Int8}: y = Σ over groups of scale · (Σ u·x − 128·Σ x), u = q+128 the stored byte.
 *
 * <p>As in {@link Int4Kernel}, byte b of a word is masked where it stands, u·256^b, exact in f32, and meets an activation
 * that was scaled by 256^−b.
 */
final class Int8Kernel implements WeightKernel {
    private static final VectorSpecies<Float> F = Width.species(MethodHandles.lookup());
    private static final VectorSpecies<Integer> I = F.withLanes(int.class);
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

    /** Columns per step: eight words, one scale. */
    private static final int STEP = 32;

    @Override
    public int preparedLength(Matrix w) {
        int padded = blocks(w).paddedCols();
        return padded + padded / STEP;
    }

    /** Activations, scaled; then −128·Σ x of every 32 columns. */
    @Override
    public void prepare(Matrix w, float[] x, float[] prepared) {
        int padded = blocks(w).paddedCols();
        System.arraycopy(x, 0, prepared, 0, w.cols());
        Arrays.fill(prepared, w.cols(), padded, 0);
        for (int u = 0; u < padded / STEP; u++) {
            double sum = 0;
            for (int k = u * STEP; k < (u + 1) * STEP; k++) {
                sum += prepared[k];
            }
            prepared[padded + u] = (float) (-Int8.BIAS * sum);
        }
        for (int k = 0; k < padded; k += Int8.PER_WORD) {
            prepared[k + 1] *= 0x1p-8f;
            prepared[k + 2] *= 0x1p-16f;
        }
    }

    @Override
    public void matvec(Matrix w, float[] prepared, int block, float[] y) {
        Blocks blocks = blocks(w);
        int steps = blocks.paddedCols() / STEP;
        int stepsPerGroup = blocks.group() / STEP;
        int biases = blocks.paddedCols();
        MemorySegment codes = w.parts().get(0);
        MemorySegment scales = w.parts().get(1);
        for (int lane = 0; lane < ROWS; lane += F.length()) {
            long word = blocks.wordAt((long) block * ROWS + lane, 0, Int8.PER_WORD);
            long scaleAt = 2 * blocks.scaleAt((long) block * ROWS + lane, 0);
            FloatVector sum = FloatVector.zero(F);
            for (int u = 0; u < steps; u++) {
                long p = word + u * (8L * Blocks.LINE);
                int k = u * STEP;
                FloatVector s0 = FloatVector.broadcast(F, prepared[biases + u]);
                s0 = word(load(codes, p), prepared, k, s0);
                FloatVector s1 = word(load(codes, p + Blocks.LINE), prepared, k + 4, FloatVector.zero(F));
                FloatVector s2 = word(load(codes, p + 2 * Blocks.LINE), prepared, k + 8, FloatVector.zero(F));
                FloatVector s3 = word(load(codes, p + 3 * Blocks.LINE), prepared, k + 12, FloatVector.zero(F));
                s0 = word(load(codes, p + 4 * Blocks.LINE), prepared, k + 16, s0);
                s1 = word(load(codes, p + 5 * Blocks.LINE), prepared, k + 20, s1);
                s2 = word(load(codes, p + 6 * Blocks.LINE), prepared, k + 24, s2);
                s3 = word(load(codes, p + 7 * Blocks.LINE), prepared, k + 28, s3);
                FloatVector scale = Half.load(F, scales, scaleAt + u / stepsPerGroup * (2L * ROWS));
                sum = s0.add(s1).add(s2.add(s3)).fma(scale, sum);
            }
            Rows.store(sum, y, block * ROWS + lane, w.rows());
        }
    }

    /** sum + Σ over the four bytes of the word, times x[k …]. */
    private static FloatVector word(IntVector v, float[] x, int k, FloatVector sum) {
        FloatVector s = convert(v.and(0xFF)).fma(FloatVector.broadcast(F, x[k]), sum);
        s = convert(v.and(0xFF00)).fma(FloatVector.broadcast(F, x[k + 1]), s);
        s = convert(v.and(0xFF0000)).fma(FloatVector.broadcast(F, x[k + 2]), s);
        return convert(v.lanewise(VectorOperators.LSHR, 24)).fma(FloatVector.broadcast(F, x[k + 3]), s);
    }

    @Override
    public void expand(Matrix w, int block, int col, int cols, float[] panel, int at) {
        Blocks blocks = blocks(w);
        MemorySegment codes = w.parts().get(0);
        MemorySegment scales = w.parts().get(1);
        for (int lane = 0; lane < ROWS; lane += F.length()) {
            long row = (long) block * ROWS + lane;
            long word = blocks.wordAt(row, col, Int8.PER_WORD);
            int to = at + lane;
            for (int k = 0; k < cols; k += Int8.PER_WORD, word += Blocks.LINE) {
                int g = (col + k) / blocks.group();
                FloatVector scale = Half.load(F, scales, 2 * blocks.scaleAt(row, g));
                IntVector v = load(codes, word);
                int out = k * PanelGemm.LANES + to;
                for (int b = 0; b < Int8.PER_WORD; b++) {
                    IntVector q = v.lanewise(VectorOperators.LSHR, 8 * b).and(0xFF).sub(Int8.BIAS);
                    convert(q).mul(scale).intoArray(panel, out + b * PanelGemm.LANES);
                }
            }
        }
    }

    private static FloatVector convert(IntVector v) {
        return (FloatVector) v.convert(VectorOperators.I2F, 0);
    }

    private static IntVector load(MemorySegment codes, long at) {
        return IntVector.fromMemorySegment(I, codes, at, LE);
    }

    private static Blocks blocks(Matrix w) {
        return Blocks.of(w.rows(), w.cols(), ((Int8) w.layout()).group());
    }
}
