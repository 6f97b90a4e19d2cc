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
 * {@link Int4}: y = Σ over words of scale · (Σ u·x − 8·Σ x), u = q+8 the stored nibble.
 *
 * <p>Nibble i of a word is masked where it stands and converted: u·16^i, exact in f32. The activation it meets was scaled
 * by 16^−i beforehand, which is exact too, so three instructions (and, convert, multiply-add) do 16 weights; only nibble 7,
 * where the sign bit is, needs a shift.
 *
 * <p>The loop has one word per round and calls the Vector API directly: beyond some 18,000 nodes the compiler stops
 * inlining methods of ours, and every vector that is handed to one is then allocated.
 */
final class Int4Kernel implements WeightKernel {
    private final Halves halves = new Halves();

    private static final VectorSpecies<Float> F = Width.species(MethodHandles.lookup());
    private static final VectorSpecies<Integer> I = F.withLanes(int.class);
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

    @Override
    public int preparedLength(Matrix w) {
        int padded = blocks(w).paddedCols();
        return padded + padded / Int4.PER_WORD;
    }

    /** Activations in nibble order, scaled; then −8·Σ x of every word's columns. */
    @Override
    public void prepare(Matrix w, float[] x, float[] prepared) {
        int padded = blocks(w).paddedCols();
        Nibbles.order(x, w.cols(), padded, prepared);
        for (int k = 0; k < padded; k += Int4.PER_WORD) {
            float sum = 0;
            for (int i = 0; i < Int4.PER_WORD; i++) {
                sum += prepared[k + i];
            }
            prepared[padded + k / Int4.PER_WORD] = -Int4.BIAS * sum;
            float scale = 1;
            for (int i = 1; i < Int4.PER_WORD - 1; i++) {
                scale /= 16;
                prepared[k + i] *= scale;
            }
        }
    }

    @Override
    public void matvec(Matrix w, float[] prepared, int block, float[] y) {
        Blocks blocks = blocks(w);
        float[] scales = halves.scales(w.parts().get(1), blocks, block, 0, blocks.groups());
        MemorySegment codes = w.parts().get(0);
        int biases = blocks.paddedCols();
        int words = biases / Int4.PER_WORD;
        long perGroup = GroupIndex.reciprocal(blocks.group() / Int4.PER_WORD);
        for (int lane = 0; lane < ROWS; lane += F.length()) {
            long from = blocks.wordAt((long) block * ROWS + lane, 0, Int4.PER_WORD);
            FloatVector sum = FloatVector.zero(F);
            for (int j = 0; j < words; j++) {
                IntVector v = IntVector.fromMemorySegment(I, codes, from + (long) j * Blocks.LINE, LE);
                int k = j * Int4.PER_WORD;
                FloatVector s = FloatVector.broadcast(F, prepared[biases + j]);
                s = ((FloatVector) v.and(0xF).convert(VectorOperators.I2F, 0)).fma(broadcast(prepared, k), s);
                s = ((FloatVector) v.and(0xF0).convert(VectorOperators.I2F, 0)).fma(broadcast(prepared, k + 1), s);
                s = ((FloatVector) v.and(0xF00).convert(VectorOperators.I2F, 0)).fma(broadcast(prepared, k + 2), s);
                s = ((FloatVector) v.and(0xF000).convert(VectorOperators.I2F, 0)).fma(broadcast(prepared, k + 3), s);
                s = ((FloatVector) v.and(0xF0000).convert(VectorOperators.I2F, 0)).fma(broadcast(prepared, k + 4), s);
                s = ((FloatVector) v.and(0xF00000).convert(VectorOperators.I2F, 0)).fma(broadcast(prepared, k + 5), s);
                s = ((FloatVector) v.and(0xF000000).convert(VectorOperators.I2F, 0)).fma(broadcast(prepared, k + 6), s);
                s = ((FloatVector) v.lanewise(VectorOperators.LSHR, 28).convert(VectorOperators.I2F, 0))
                        .fma(broadcast(prepared, k + 7), s);
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
            long from = blocks.wordAt((long) block * ROWS + lane, col, Int4.PER_WORD);
            int to = at + lane;
            for (int k = 0; k < cols; k += Int4.PER_WORD) {
                IntVector v = IntVector.fromMemorySegment(I, codes, from + k * (Blocks.LINE / 8L), LE);
                int group = (col + k) / blocks.group() - first;
                FloatVector scale = FloatVector.fromArray(F, scales, group * ROWS + lane);
                FloatVector bias = scale.mul(-Int4.BIAS);
                int out = k * PanelGemm.LANES + to;
                for (int i = 0; i < Int4.PER_WORD; i++) {
                    // (u − 8)·scale is exact in f32, hence so is the fused u·scale − 8·scale.
                    IntVector u = v.lanewise(VectorOperators.LSHR, 4 * i).and(15);
                    ((FloatVector) u.convert(VectorOperators.I2F, 0))
                            .fma(scale, bias)
                            .intoArray(panel, out + Nibbles.column(i) * PanelGemm.LANES);
                }
            }
        }
    }

    private static Blocks blocks(Matrix w) {
        return Blocks.of(w.rows(), w.cols(), ((Int4) w.layout()).group());
    }
}
