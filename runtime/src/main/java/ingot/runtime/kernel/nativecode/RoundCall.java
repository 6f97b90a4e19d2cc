package ingot.runtime.kernel.nativecode;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import ingot.formats.block.Blocks;
import ingot.formats.block.Grouping;
import ingot.runtime.kernel.PairSums;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * What {@link RoundCode} is called with: addresses and numbers of 8 bytes, then registers' worth of sums, which go in and
 * out, then room to work in.
 */
final class RoundCall {
    /** Columns that are rounded together. */
    static final int UNIT = Grouping.UNIT;

    static final int WEIGHTS = 0;
    static final int CODES = 8;
    static final int SCALES = 16;

    /** Groups of a row, units of a group. */
    static final int GROUPS = 24;

    static final int UNITS = 32;

    /** From the end of one row to the beginning of the next. */
    static final int NEXT_CODES = 40;

    static final int NEXT_SCALES = 48;

    /** What weights are taken less of before they are summed. */
    static final int SHIFT = 56;

    static final int SQUARES = 64;
    static final int SHIFTED = 128;
    static final int SHIFTED_SQUARES = 192;

    /** Largest magnitude of an error. */
    static final int LARGEST_ERROR = 256;

    /** Extremes of the magnitudes of scales before they are rounded, as bits. */
    static final int SMALLEST_SCALE = 320;

    static final int LARGEST_SCALE = 384;

    /** Two registers of even numbers that fall by 2 from lane to lane. */
    static final int PLACES = 448;

    /** A scale as f16, sixteen times. */
    static final int HALVES = 576;

    /** Codes of a unit: as many bytes for every plane. */
    static final int BYTES = 640;

    /** Squares of errors, shifted weights and their squares of a unit. */
    static final int TERMS = 768;

    static final int TERM_BYTES = UNIT * Double.BYTES;
    private static final int SIZE = TERMS + 3 * TERM_BYTES;

    /** Twice the columns that a row may have. */
    private static final int FIRST_PLACE = 1 << 30;

    private static final int SMALLEST_NORMAL_F16 = Float.floatToRawIntBits(0x1p-14f);
    private static final int LARGEST_F16 = Float.floatToRawIntBits(65504f);

    private final MemorySegment memory;

    /** @param group columns, of which a row has {@code groups} times as many */
    RoundCall(Arena arena, int bits, int group, int groups) {
        memory = arena.allocate(SIZE, 64);
        int units = group / UNIT;
        memory.set(JAVA_LONG, GROUPS, groups);
        memory.set(JAVA_LONG, UNITS, units);
        memory.set(JAVA_LONG, NEXT_CODES, Integer.BYTES - (long) groups * units * bits * Blocks.LINE);
        memory.set(JAVA_LONG, NEXT_SCALES, Short.BYTES - (long) groups * Blocks.ROWS * Short.BYTES);
        for (int i = 0; i < UNIT; i++) {
            memory.set(JAVA_INT, PLACES + (long) Integer.BYTES * i, FIRST_PLACE - 2 * i);
        }
    }

    long address() {
        return memory.address();
    }

    void block(MemorySegment weights, MemorySegment codes, MemorySegment scales, PairSums sums) {
        memory.set(JAVA_LONG, WEIGHTS, weights.address());
        memory.set(JAVA_LONG, CODES, codes.address());
        memory.set(JAVA_LONG, SCALES, scales.address());
        memory.set(JAVA_DOUBLE, SHIFT, sums.shift());
        memory.set(JAVA_DOUBLE, SQUARES, sums.squares());
        memory.set(JAVA_DOUBLE, SHIFTED, sums.shifted());
        memory.set(JAVA_DOUBLE, SHIFTED_SQUARES, sums.shiftedSquares());
        memory.set(JAVA_DOUBLE, LARGEST_ERROR, sums.maxAbs());
    }

    /** Whether every scale was a normal number of f16: else the result is of no use. */
    boolean normal() {
        return Integer.compareUnsigned(memory.get(JAVA_INT, SMALLEST_SCALE), SMALLEST_NORMAL_F16) >= 0
                && Integer.compareUnsigned(memory.get(JAVA_INT, LARGEST_SCALE), LARGEST_F16) <= 0;
    }

    PairSums sums() {
        return new PairSums(
                memory.get(JAVA_DOUBLE, SHIFT),
                memory.get(JAVA_DOUBLE, SQUARES),
                memory.get(JAVA_DOUBLE, SHIFTED),
                memory.get(JAVA_DOUBLE, SHIFTED_SQUARES),
                memory.get(JAVA_DOUBLE, LARGEST_ERROR));
    }
}
