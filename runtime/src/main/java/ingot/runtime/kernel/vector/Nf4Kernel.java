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
 * {@link Nf4}: y = Σ over words of absmax · Σ value[code]·x. The 16 values fill one register of 512 bits, and a
 * permutation looks up 16 codes at once; narrower vectors need two or four registers.
 */
final class Nf4Kernel implements WeightKernel {
    private static final VectorSpecies<Float> F = Width.species(MethodHandles.lookup());
    private static final VectorSpecies<Integer> I = F.withLanes(int.class);
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

    /** The bits of the 16 values, in registers. */
    private static final Nf4Table TABLE = Nf4Table.of(I);

    /** Words of a group. */
    private static final int WORDS = Nf4.GROUP / Nf4.PER_WORD;

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
        int words = blocks.paddedCols() / Nf4.PER_WORD;
        MemorySegment codes = w.parts().get(0);
        float[] scales = absmax.floats(groups * ROWS);
        Absmax.read(w, blocks, block, 0, groups, scales);
        for (int lane = 0; lane < ROWS; lane += F.length()) {
            long from = blocks.wordAt((long) block * ROWS + lane, 0, Nf4.PER_WORD);
            FloatVector sum = FloatVector.zero(F);
            for (int j = 0; j < words; j++) {
                IntVector v = IntVector.fromMemorySegment(I, codes, from + (long) j * Blocks.LINE, LE);
                int k = j * Nf4.PER_WORD;
                FloatVector s = FloatVector.zero(F);
                // A loop, though it is unrolled in the end: written out, narrow vectors exceed what C2 inlines.
                for (int i = 0; i < Nf4.PER_WORD; i++) {
                    FloatVector value = TABLE.values(v.lanewise(VectorOperators.LSHR, 4 * i));
                    s = value.fma(FloatVector.broadcast(F, prepared[k + i]), s);
                }
                sum = s.fma(FloatVector.fromArray(F, scales, j / WORDS * ROWS + lane), sum);
            }
            Rows.store(sum, y, block * ROWS + lane, w.rows());
        }
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
            long from = blocks.wordAt((long) block * ROWS + lane, col, Nf4.PER_WORD);
            int to = at + lane;
            for (int k = 0; k < cols; k += Nf4.PER_WORD) {
                FloatVector scale = FloatVector.fromArray(F, scales, k / Nf4.GROUP * ROWS + lane);
                IntVector v = IntVector.fromMemorySegment(I, codes, from + k * (Blocks.LINE / 8L), LE);
                int out = k * PanelGemm.LANES + to;
                for (int i = 0; i < Nf4.PER_WORD; i++) {
                    FloatVector value = TABLE.values(v.lanewise(VectorOperators.LSHR, 4 * i));
                    value.mul(scale).intoArray(panel, out + Nibbles.column(i) * PanelGemm.LANES);
                }
            }
        }
    }

    private static Blocks blocks(Matrix w) {
        return Blocks.of(w.rows(), w.cols(), Nf4.GROUP);
    }
}
