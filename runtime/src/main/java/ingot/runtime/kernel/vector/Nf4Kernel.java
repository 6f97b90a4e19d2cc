package ingot.runtime.kernel.vector;

import ingot.formats.block.Blocks;
import ingot.formats.block.Nf4;
import ingot.runtime.kernel.Matrix;
import ingot.runtime.kernel.Scratch;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link Nf4}: y = Σ over groups of absmax · Σ value[code]·x. The 16 values fill one register of 512 bits, and a
 * permutation looks up 16 codes at once; narrower vectors need two or four registers.
 */
final class Nf4Kernel implements WeightKernel {
    private static final VectorSpecies<Float> F = Width.species(MethodHandles.lookup());
    private static final VectorSpecies<Integer> I = F.withLanes(int.class);
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

    /** The bits of the 16 values, in registers. */
    private static final Nf4Table TABLE = Nf4Table.of(I);

    private final Scratch absmax = new Scratch();

    @Override
    public int preparedLength(Matrix w) {
        return blocks(w).paddedCols();
    }

    /** Activations in nibble order. */
    @Override
    public void prepare(Matrix w, float[] x, float[] prepared) {
        Nibbles.order(x, w.cols(), blocks(w).paddedCols(), prepared);
    }

    @Override
    public void matvec(Matrix w, float[] prepared, int block, float[] y) {
        Blocks blocks = blocks(w);
        int groups = blocks.groups();
        MemorySegment codes = w.parts().get(0);
        float[] scales = absmax.floats(groups * ROWS);
        Absmax.read(w, blocks, block, 0, groups, scales);
        for (int lane = 0; lane < ROWS; lane += F.length()) {
            long word = blocks.wordAt((long) block * ROWS + lane, 0, Nf4.PER_WORD);
            FloatVector sum = FloatVector.zero(F);
            for (int g = 0; g < groups; g++) {
                long p = word + g * (8L * Blocks.LINE);
                int k = g * Nf4.GROUP;
                FloatVector s0 = word(load(codes, p), prepared, k, FloatVector.zero(F));
                FloatVector s1 = word(load(codes, p + Blocks.LINE), prepared, k + 8, FloatVector.zero(F));
                FloatVector s2 = word(load(codes, p + 2 * Blocks.LINE), prepared, k + 16, FloatVector.zero(F));
                FloatVector s3 = word(load(codes, p + 3 * Blocks.LINE), prepared, k + 24, FloatVector.zero(F));
                s0 = word(load(codes, p + 4 * Blocks.LINE), prepared, k + 32, s0);
                s1 = word(load(codes, p + 5 * Blocks.LINE), prepared, k + 40, s1);
                s2 = word(load(codes, p + 6 * Blocks.LINE), prepared, k + 48, s2);
                s3 = word(load(codes, p + 7 * Blocks.LINE), prepared, k + 56, s3);
                FloatVector scale = FloatVector.fromArray(F, scales, g * ROWS + lane);
                sum = s0.add(s1).add(s2.add(s3)).fma(scale, sum);
            }
            Rows.store(sum, y, block * ROWS + lane, w.rows());
        }
    }

    /** sum + Σ over the values of the eight nibbles of the word, times x[k …]. */
    private static FloatVector word(IntVector v, float[] x, int k, FloatVector sum) {
        FloatVector s = TABLE.values(v).fma(FloatVector.broadcast(F, x[k]), sum);
        s = TABLE.values(v.lanewise(VectorOperators.LSHR, 4)).fma(FloatVector.broadcast(F, x[k + 1]), s);
        s = TABLE.values(v.lanewise(VectorOperators.LSHR, 8)).fma(FloatVector.broadcast(F, x[k + 2]), s);
        s = TABLE.values(v.lanewise(VectorOperators.LSHR, 12)).fma(FloatVector.broadcast(F, x[k + 3]), s);
        s = TABLE.values(v.lanewise(VectorOperators.LSHR, 16)).fma(FloatVector.broadcast(F, x[k + 4]), s);
        s = TABLE.values(v.lanewise(VectorOperators.LSHR, 20)).fma(FloatVector.broadcast(F, x[k + 5]), s);
        s = TABLE.values(v.lanewise(VectorOperators.LSHR, 24)).fma(FloatVector.broadcast(F, x[k + 6]), s);
        return TABLE.values(v.lanewise(VectorOperators.LSHR, 28)).fma(FloatVector.broadcast(F, x[k + 7]), s);
    }

    @Override
    public void expand(Matrix w, int block, int col, int cols, float[] panel, int at) {
        Blocks blocks = blocks(w);
        MemorySegment codes = w.parts().get(0);
        int first = col / Nf4.GROUP;
        int groups = (cols - 1) / Nf4.GROUP + 1;
        float[] scales = absmax.floats(groups * ROWS);
        Absmax.read(w, blocks, block, first, groups, scales);
        for (int lane = 0; lane < ROWS; lane += F.length()) {
            long word = blocks.wordAt((long) block * ROWS + lane, col, Nf4.PER_WORD);
            int to = at + lane;
            for (int k = 0; k < cols; k += Nf4.PER_WORD, word += Blocks.LINE) {
                FloatVector scale = FloatVector.fromArray(F, scales, k / Nf4.GROUP * ROWS + lane);
                IntVector v = load(codes, word);
                int out = k * PanelGemm.LANES + to;
                for (int i = 0; i < Nf4.PER_WORD; i++) {
                    FloatVector value = TABLE.values(v.lanewise(VectorOperators.LSHR, 4 * i));
                    value.mul(scale).intoArray(panel, out + Nibbles.column(i) * PanelGemm.LANES);
                }
            }
        }
    }

    private static IntVector load(MemorySegment codes, long at) {
        return IntVector.fromMemorySegment(I, codes, at, LE);
    }

    private static Blocks blocks(Matrix w) {
        return Blocks.of(w.rows(), w.cols(), Nf4.GROUP);
    }
}
