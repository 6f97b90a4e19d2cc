package ingot.runtime.kernel.vector;

import ingot.formats.block.Blocks;
import ingot.formats.block.Iq4;
import ingot.formats.block.Nf4;
import ingot.runtime.kernel.Matrix;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link Nf4} and {@link Iq4}, whose 4-bit codes are indices into a table, a constant of the class: y = Σ over words of
 * scale · Σ table[code]·x. The 16 values fill one register of 512 bits, and a permutation looks up 16 codes at once;
 * narrower vectors need two or four registers.
 */
final class TableKernel implements WeightKernel {
    private static final MethodHandles.Lookup SELF = MethodHandles.lookup();
    private static final VectorSpecies<Float> F = Width.species(SELF);
    private static final VectorSpecies<Integer> I = F.withLanes(int.class);
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

    /** The bits of the 16 values, in registers. */
    private static final CodeTable TABLE = CodeTable.of(I, Width.constant(SELF, float[].class));

    private static final int PER_WORD = 8;

    private final GroupScales scales = new GroupScales();

    @Override
    public int preparedLength(Matrix w) {
        return w.blocks().paddedCols();
    }

    /** Activations in nibble order. */
    @Override
    public void prepare(Matrix w, float[] x, float[] prepared) {
        Nibbles.order(x, w.cols(), w.blocks().paddedCols(), prepared);
    }

    @Override
    public void matvec(Matrix w, float[] prepared, int block, float[] y) {
        Blocks blocks = w.blocks();
        int words = blocks.paddedCols() / PER_WORD;
        MemorySegment codes = w.parts().get(0);
        float[] scale = scales.read(w, blocks, block, 0, blocks.groups());
        long perGroup = GroupIndex.reciprocal(blocks.group() / PER_WORD);
        for (int lane = 0; lane < ROWS; lane += F.length()) {
            long from = blocks.wordAt((long) block * ROWS + lane, 0, PER_WORD);
            FloatVector sum = FloatVector.zero(F);
            for (int j = 0; j < words; j++) {
                IntVector v = IntVector.fromMemorySegment(I, codes, from + (long) j * Blocks.LINE, LE);
                int k = j * PER_WORD;
                FloatVector s = FloatVector.zero(F);
                // A loop, though it is unrolled in the end: written out, narrow vectors exceed what C2 inlines.
                for (int i = 0; i < PER_WORD; i++) {
                    FloatVector value = TABLE.values(v.lanewise(VectorOperators.LSHR, 4 * i));
                    s = value.fma(FloatVector.broadcast(F, prepared[k + i]), s);
                }
                sum = s.fma(FloatVector.fromArray(F, scale, GroupIndex.of(j, perGroup) * ROWS + lane), sum);
            }
            Rows.store(sum, y, block * ROWS + lane, w.rows());
        }
    }

    @Override
    public void expand(Matrix w, int block, int col, int cols, float[] panel, int at) {
        Blocks blocks = w.blocks();
        MemorySegment codes = w.parts().get(0);
        int first = col / blocks.group();
        int groups = (col + cols - 1) / blocks.group() - first + 1;
        float[] scale = scales.read(w, blocks, block, first, groups);
        for (int lane = 0; lane < ROWS; lane += F.length()) {
            long from = blocks.wordAt((long) block * ROWS + lane, col, PER_WORD);
            int to = at + lane;
            for (int k = 0; k < cols; k += PER_WORD) {
                int group = (col + k) / blocks.group() - first;
                FloatVector unit = FloatVector.fromArray(F, scale, group * ROWS + lane);
                IntVector v = IntVector.fromMemorySegment(I, codes, from + k * (Blocks.LINE / 8L), LE);
                int out = k * TileProduct.COLS + to;
                for (int i = 0; i < PER_WORD; i++) {
                    FloatVector value = TABLE.values(v.lanewise(VectorOperators.LSHR, 4 * i));
                    value.mul(unit).intoArray(panel, out + Nibbles.column(i) * TileProduct.COLS);
                }
            }
        }
    }
}
