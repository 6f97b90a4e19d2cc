package ingot.runtime.kernel.vector;

import ingot.formats.block.Blocks;
import ingot.formats.block.Grouping;
import ingot.formats.block.Int4;
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
 * Symmetric integers of one number of bits, which is a constant of the class: y = Σ over words of scale · (Σ u·x − bias·Σ
 * x), u = q + bias the stored code.
 *
 * <p>8 bits: byte b of a word is masked where it stands and converted: u·256^b, exact in f32. The activation it meets was
 * scaled by 256^−b beforehand, which is exact too, so three instructions (and, convert, multiply-add) do 16 weights; only
 * the last byte, where the sign bit is, needs a shift. 4 bits: the same with nibbles. 3, 5 and 6 bits: two planes are put
 * together to two words of four bytes, which are then treated as those of 8 bits.
 *
 * <p>The loops have one word, or eight columns, per round and call the Vector API directly: beyond some 18,000 nodes the
 * compiler stops inlining methods of ours, and every vector that is handed to one is then allocated.
 */
final class IntegerKernel implements WeightKernel {
    private static final MethodHandles.Lookup SELF = MethodHandles.lookup();
    private static final VectorSpecies<Float> F = Width.species(SELF);
    private static final VectorSpecies<Integer> I = F.withLanes(int.class);
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

    private static final int BITS = Width.constant(SELF, Integer.class);
    private static final int BIAS = 1 << (BITS - 1);

    /** Columns of a round. */
    private static final int STEP = BITS == 8 ? Int8.PER_WORD : Int4.PER_WORD;

    /** Bits of the first plane, which has the lower bits of a code, and of the second. */
    private static final int WIDE = Integer.highestOneBit(BITS);

    private static final int NARROW = BITS - WIDE;

    /** Rounds of eight columns that 32 columns take. */
    private static final int ROUNDS = 4;

    /** Columns whose codes fill a word as bytes. */
    private static final int FOUR = 4;

    /** The lowest bit of every byte. */
    private static final int ONES = 0x01010101;

    private static final int WIDE_MASK = ((1 << WIDE) - 1) * ONES;
    private static final int NARROW_MASK = (BITS == 8 ? 0 : (1 << BITS) - (1 << WIDE)) * ONES;

    private final Halves halves = new Halves();

    @Override
    public int preparedLength(Matrix w) {
        int padded = w.blocks().paddedCols();
        return padded + padded / STEP;
    }

    /** Activations, scaled, for 4 bits in nibble order; then −bias·Σ x of every round's columns. */
    @Override
    public void prepare(Matrix w, float[] x, float[] prepared) {
        int padded = w.blocks().paddedCols();
        if (BITS == 4) {
            Nibbles.order(x, w.cols(), padded, prepared);
        } else {
            System.arraycopy(x, 0, prepared, 0, w.cols());
            Arrays.fill(prepared, w.cols(), padded, 0);
        }
        // Fields of a word are masked in place; the last of a word that codes fill is shifted down.
        int fields = BITS == 4 ? 8 : FOUR;
        int inPlace = NARROW == 0 ? fields - 1 : fields;
        float down = BITS == 4 ? 0x1p-4f : 0x1p-8f;
        for (int k = 0; k < padded; k += STEP) {
            float sum = 0;
            for (int i = 0; i < STEP; i++) {
                sum += prepared[k + i];
            }
            prepared[padded + k / STEP] = -BIAS * sum;
            for (int word = k; word < k + STEP; word += fields) {
                float scale = 1;
                for (int i = 1; i < inPlace; i++) {
                    scale *= down;
                    prepared[word + i] *= scale;
                }
            }
        }
    }

    @Override
    public void matvec(Matrix w, float[] prepared, int block, float[] y) {
        switch (BITS) {
            case 8 -> bytes(w, prepared, block, y);
            case 4 -> nibbles(w, prepared, block, y);
            default -> planes(w, prepared, block, y);
        }
    }

    private void bytes(Matrix w, float[] prepared, int block, float[] y) {
        Blocks blocks = w.blocks();
        float[] scales = halves.scales(w.parts().get(1), blocks, block, 0, blocks.groups());
        MemorySegment codes = w.parts().get(0);
        int biases = blocks.paddedCols();
        long perGroup = GroupIndex.reciprocal(blocks.group() / STEP);
        for (int lane = 0; lane < ROWS; lane += F.length()) {
            long from = blocks.unitAt((long) block * ROWS + lane, 0, BITS);
            FloatVector sum = FloatVector.zero(F);
            for (int j = 0; j < biases / STEP; j++) {
                IntVector v = IntVector.fromMemorySegment(I, codes, from + (long) j * Blocks.LINE, LE);
                int k = j * STEP;
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

    private void nibbles(Matrix w, float[] prepared, int block, float[] y) {
        Blocks blocks = w.blocks();
        float[] scales = halves.scales(w.parts().get(1), blocks, block, 0, blocks.groups());
        MemorySegment codes = w.parts().get(0);
        int biases = blocks.paddedCols();
        long perGroup = GroupIndex.reciprocal(blocks.group() / STEP);
        for (int lane = 0; lane < ROWS; lane += F.length()) {
            long from = blocks.unitAt((long) block * ROWS + lane, 0, BITS);
            FloatVector sum = FloatVector.zero(F);
            for (int j = 0; j < biases / STEP; j++) {
                IntVector v = IntVector.fromMemorySegment(I, codes, from + (long) j * Blocks.LINE, LE);
                int k = j * STEP;
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

    /** Round j has columns 8j … 8j+7: the lower bits of both fours are neighbours in one word, the upper ones in another. */
    private void planes(Matrix w, float[] prepared, int block, float[] y) {
        Blocks blocks = w.blocks();
        float[] scales = halves.scales(w.parts().get(1), blocks, block, 0, blocks.groups());
        MemorySegment codes = w.parts().get(0);
        int biases = blocks.paddedCols();
        long perGroup = GroupIndex.reciprocal(blocks.group() / STEP);
        for (int lane = 0; lane < ROWS; lane += F.length()) {
            long from = blocks.unitAt((long) block * ROWS + lane, 0, BITS);
            FloatVector sum = FloatVector.zero(F);
            for (int j = 0; j < biases / STEP; j++) {
                int i = j % ROUNDS;
                long unit = from + (long) (j / ROUNDS) * (BITS * Blocks.LINE);
                long at = unit + (i * WIDE / ROUNDS) * Blocks.LINE;
                long above = unit + (WIDE + i * NARROW / ROUNDS) * Blocks.LINE;
                IntVector v = IntVector.fromMemorySegment(I, codes, at, LE);
                if (WIDE < ROUNDS) {
                    v = v.lanewise(VectorOperators.LSHR, 2 * WIDE * i % 8);
                }
                IntVector h = IntVector.fromMemorySegment(I, codes, above, LE)
                        .lanewise(VectorOperators.LSHR, 2 * NARROW * i % 8);
                int k = j * STEP;
                FloatVector s = FloatVector.broadcast(F, prepared[biases + j]);
                // Loops, though they are unrolled in the end: written out, they exceed what C2 inlines.
                for (int half = 0; half < 2; half++) {
                    IntVector four = v.lanewise(VectorOperators.LSHR, WIDE * half)
                            .and(WIDE_MASK)
                            .or(h.lanewise(VectorOperators.LSHL, WIDE - NARROW * half)
                                    .and(NARROW_MASK));
                    for (int b = 0; b < FOUR; b++) {
                        s = ((FloatVector) four.and(0xFF << 8 * b).convert(VectorOperators.I2F, 0))
                                .fma(broadcast(prepared, k + FOUR * half + b), s);
                    }
                }
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
        Blocks blocks = w.blocks();
        int first = col / blocks.group();
        int groups = (col + cols - 1) / blocks.group() - first + 1;
        float[] scales = halves.scales(w.parts().get(1), blocks, block, first, groups);
        MemorySegment codes = w.parts().get(0);
        for (int lane = 0; lane < ROWS; lane += F.length()) {
            long from = blocks.unitAt((long) block * ROWS + lane, col, BITS);
            for (int k = 0; k < cols; k += FOUR) {
                IntVector four = four(codes, from, k);
                int group = (col + k) / blocks.group() - first;
                FloatVector scale = FloatVector.fromArray(F, scales, group * ROWS + lane);
                FloatVector bias = scale.mul(-BIAS);
                int out = k * TileProduct.COLS + at + lane;
                for (int b = 0; b < FOUR; b++) {
                    // (u − bias)·scale is exact in f32, hence so is the fused u·scale − bias·scale.
                    IntVector u = four.lanewise(VectorOperators.LSHR, 8 * b).and(0xFF);
                    ((FloatVector) u.convert(VectorOperators.I2F, 0))
                            .fma(scale, bias)
                            .intoArray(panel, out + b * TileProduct.COLS);
                }
            }
        }
    }

    /** Columns k … k+3 as bytes; k counts from a multiple of 32 columns at {@code from}. */
    private static IntVector four(MemorySegment codes, long from, int k) {
        int i = k % Grouping.UNIT / FOUR;
        long unit = from + (long) (k / Grouping.UNIT) * (BITS * Blocks.LINE);
        IntVector v = IntVector.fromMemorySegment(I, codes, unit + (i * WIDE / 8) * Blocks.LINE, LE);
        if (BITS == 8) {
            return v;
        }
        v = v.lanewise(VectorOperators.LSHR, WIDE * i % 8).and(WIDE_MASK);
        if (NARROW == 0) {
            return v;
        }
        return IntVector.fromMemorySegment(I, codes, unit + (WIDE + i * NARROW / 8) * Blocks.LINE, LE)
                .lanewise(VectorOperators.LSHR, NARROW * i % 8)
                .lanewise(VectorOperators.LSHL, WIDE)
                .and(NARROW_MASK)
                .or(v);
    }
}
