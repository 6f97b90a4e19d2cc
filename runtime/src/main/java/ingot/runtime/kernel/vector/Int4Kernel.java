package ingot.runtime.kernel.vector;

import ingot.formats.block.Blocks;
import ingot.formats.block.Int4;
import ingot.runtime.kernel.Matrix;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link Int4}: y = Σ over groups of scale · (Σ u·x − 8·Σ x), u = q+8 the stored nibble.
 *
 * <p>Nibble i of a word is masked where it stands and converted: u·16^i, exact in f32. The activation it meets was scaled
 * by 16^−i beforehand, which is exact too, so three instructions (and, convert, multiply-add) do 16 weights; only nibble 7,
 * where the sign bit is, needs a shift. Sums run over 32 columns and are then scaled.
 */
final class Int4Kernel implements WeightKernel {
    private static final VectorSpecies<Float> F = Width.species(MethodHandles.lookup());
    private static final VectorSpecies<Integer> I = F.withLanes(int.class);
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

    /** Columns per step: four words, one scale. */
    private static final int STEP = 32;

    @Override
    public int preparedLength(Matrix w) {
        int padded = blocks(w).paddedCols();
        return padded + padded / STEP;
    }

    /** Activations in nibble order, scaled; then −8·Σ x of every 32 columns. */
    @Override
    public void prepare(Matrix w, float[] x, float[] prepared) {
        int padded = blocks(w).paddedCols();
        Nibbles.order(x, w.cols(), padded, prepared);
        float scale = 1;
        for (int i = 0; i < Int4.PER_WORD - 1; i++) {
            for (int k = i; k < padded; k += Int4.PER_WORD) {
                prepared[k] *= scale;
            }
            scale /= 16;
        }
        for (int u = 0; u < padded / STEP; u++) {
            double sum = 0;
            for (int k = u * STEP; k < Math.min(w.cols(), (u + 1) * STEP); k++) {
                sum += x[k];
            }
            prepared[padded + u] = (float) (-Int4.BIAS * sum);
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
            long word = blocks.wordAt((long) block * ROWS + lane, 0, Int4.PER_WORD);
            long scaleAt = 2 * blocks.scaleAt((long) block * ROWS + lane, 0);
            FloatVector sum = FloatVector.zero(F);
            for (int u = 0; u < steps; u++) {
                long p = word + u * (4L * Blocks.LINE);
                int k = u * STEP;
                FloatVector s0 = FloatVector.broadcast(F, prepared[biases + u]);
                s0 = word(load(codes, p), prepared, k, s0);
                FloatVector s1 = word(load(codes, p + Blocks.LINE), prepared, k + 8, FloatVector.zero(F));
                FloatVector s2 = word(load(codes, p + 2 * Blocks.LINE), prepared, k + 16, FloatVector.zero(F));
                FloatVector s3 = word(load(codes, p + 3 * Blocks.LINE), prepared, k + 24, FloatVector.zero(F));
                FloatVector scale = Half.load(F, scales, scaleAt + u / stepsPerGroup * (2L * ROWS));
                sum = s0.add(s1).add(s2.add(s3)).fma(scale, sum);
            }
            Rows.store(sum, y, block * ROWS + lane, w.rows());
        }
    }

    /** sum + Σ over the eight nibbles of the word, times x[k …]. */
    private static FloatVector word(IntVector v, float[] x, int k, FloatVector sum) {
        FloatVector s = convert(v.and(0xF)).fma(FloatVector.broadcast(F, x[k]), sum);
        s = convert(v.and(0xF0)).fma(FloatVector.broadcast(F, x[k + 1]), s);
        s = convert(v.and(0xF00)).fma(FloatVector.broadcast(F, x[k + 2]), s);
        s = convert(v.and(0xF000)).fma(FloatVector.broadcast(F, x[k + 3]), s);
        s = convert(v.and(0xF0000)).fma(FloatVector.broadcast(F, x[k + 4]), s);
        s = convert(v.and(0xF00000)).fma(FloatVector.broadcast(F, x[k + 5]), s);
        s = convert(v.and(0xF000000)).fma(FloatVector.broadcast(F, x[k + 6]), s);
        return convert(v.lanewise(VectorOperators.LSHR, 28)).fma(FloatVector.broadcast(F, x[k + 7]), s);
    }

    @Override
    public void expand(Matrix w, int block, int col, int cols, float[] panel, int at) {
        Blocks blocks = blocks(w);
        MemorySegment codes = w.parts().get(0);
        MemorySegment scales = w.parts().get(1);
        for (int lane = 0; lane < ROWS; lane += F.length()) {
            long row = (long) block * ROWS + lane;
            long word = blocks.wordAt(row, col, Int4.PER_WORD);
            int to = at + lane;
            for (int k = 0; k < cols; k += Int4.PER_WORD, word += Blocks.LINE) {
                int g = (col + k) / blocks.group();
                FloatVector scale = Half.load(F, scales, 2 * blocks.scaleAt(row, g));
                IntVector v = load(codes, word);
                int out = k * PanelGemm.LANES + to;
                for (int i = 0; i < Int4.PER_WORD; i++) {
                    IntVector q = v.lanewise(VectorOperators.LSHR, 4 * i).and(15).sub(Int4.BIAS);
                    convert(q).mul(scale).intoArray(panel, out + Nibbles.column(i) * PanelGemm.LANES);
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
        return Blocks.of(w.rows(), w.cols(), ((Int4) w.layout()).group());
    }
}
