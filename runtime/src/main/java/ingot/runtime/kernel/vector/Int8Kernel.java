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
 * {@link Int8}: y = Σ over words of scale · (Σ u·x − 128·Σ x), u = q+128 the stored byte.
 *
 * <p>As in {@link Int4Kernel}, byte b of a word is masked where it stands, u·256^b, exact in f32, and meets an activation
 * that was scaled by 256^−b.
 */
final class Int8Kernel implements WeightKernel {
    private final Halves halves = new Halves();

    private static final VectorSpecies<Float> F = Width.species(MethodHandles.lookup());
    private static final VectorSpecies<Integer> I = F.withLanes(int.class);
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

    @Override
    public int preparedLength(Matrix w) {
        int padded = blocks(w).paddedCols();
        return padded + padded / Int8.PER_WORD;
    }

    /** Activations, scaled; then −128·Σ x of every word's columns. */
    @Override
    public void prepare(Matrix w, float[] x, float[] prepared) {
        int padded = blocks(w).paddedCols();
        System.arraycopy(x, 0, prepared, 0, w.cols());
        Arrays.fill(prepared, w.cols(), padded, 0);
        for (int k = 0; k < padded; k += Int8.PER_WORD) {
            float sum = (prepared[k] + prepared[k + 1]) + (prepared[k + 2] + prepared[k + 3]);
            prepared[padded + k / Int8.PER_WORD] = -Int8.BIAS * sum;
            prepared[k + 1] *= 0x1p-8f;
            prepared[k + 2] *= 0x1p-16f;
        }
    }

    @Override
    public void matvec(Matrix w, float[] prepared, int block, float[] y) {
        Blocks blocks = blocks(w);
        float[] scales = halves.scales(w.parts().get(1), blocks, block, 0, blocks.groups());
        MemorySegment codes = w.parts().get(0);
        int biases = blocks.paddedCols();
        int words = biases / Int8.PER_WORD;
        long perGroup = GroupIndex.reciprocal(blocks.group() / Int8.PER_WORD);
        for (int lane = 0; lane < ROWS; lane += F.length()) {
            long from = blocks.wordAt((long) block * ROWS + lane, 0, Int8.PER_WORD);
            FloatVector sum = FloatVector.zero(F);
            for (int j = 0; j < words; j++) {
                IntVector v = IntVector.fromMemorySegment(I, codes, from + (long) j * Blocks.LINE, LE);
                int k = j * Int8.PER_WORD;
                FloatVector s = FloatVector.broadcast(F, prepared[biases + j]);
                s = ((FloatVector) v.and(0xFF).convert(VectorOperators.I2F, 0)).fma(broadcast(prepared, k), s);
                s = ((FloatVector) v.and(0xFF00).convert(VectorOperators.I2F, 0)).fma(broadcast(prepared, k + 1), s);
                s = ((FloatVector) v.and(0xFF0000).convert(VectorOperators.I2F, 0)).fma(broadcast(prepared, k + 2), s);
                s = ((FloatVector) v.lanewise(VectorOperators.LSHR, 24).convert(VectorOperators.I2F, 0))
                        .fma(broadcast(prepared, k + 3), s);
                int group = GroupIndex.of(j, perGroup);
                sum = s.fma(FloatVector.fromArray(F, scales, group * ROWS + lane), sum);
            }
            Rows.store(sum, y, block * ROWS + lane, w.rows());
        }
    }

    private static FloatVector broadcast(float[] x, int k) {
        return FloatVector.broadcast(F, x[k]);
    }

    @Override
    public void expand(Matrix w, int block, int col, int cols, float[] panel, int at) {
        Blocks blocks = blocks(w);
        int first = col / blocks.group();
        int groups = (col + cols - 1) / blocks.group() - first + 1;
        float[] scales = halves.scales(w.parts().get(1), blocks, block, first, groups);
        MemorySegment codes = w.parts().get(0);
        for (int lane = 0; lane < ROWS; lane += F.length()) {
            long from = blocks.wordAt((long) block * ROWS + lane, col, Int8.PER_WORD);
            int to = at + lane;
            for (int k = 0; k < cols; k += Int8.PER_WORD) {
                IntVector v = IntVector.fromMemorySegment(I, codes, from + k * (Blocks.LINE / 4L), LE);
                int group = (col + k) / blocks.group() - first;
                FloatVector scale = FloatVector.fromArray(F, scales, group * ROWS + lane);
                FloatVector bias = scale.mul(-Int8.BIAS);
                int out = k * PanelGemm.LANES + to;
                for (int b = 0; b < Int8.PER_WORD; b++) {
                    // (u − 128)·scale is exact in f32, hence so is the fused u·scale − 128·scale.
                    IntVector u = v.lanewise(VectorOperators.LSHR, 8 * b).and(0xFF);
                    ((FloatVector) u.convert(VectorOperators.I2F, 0))
                            .fma(scale, bias)
                            .intoArray(panel, out + b * PanelGemm.LANES);
                }
            }
        }
    }

    private static Blocks blocks(Matrix w) {
        return Blocks.of(w.rows(), w.cols(), ((Int8) w.layout()).group());
    }
}
