package ingot.formats.block;

import ingot.formats.Numbers;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Packing and unpacking shared by the block layouts; places of words are those of {@link Blocks}.
 *
 * <p>A code of {@code bits} bits is cut into planes of 8, 4, 2 or 1 bits: the powers of two that {@code bits} is the sum
 * of, widest first, beginning with the code's lowest bits (6 = 4 + 2: a nibble, then the two bits above it). A plane of w
 * bits has w words for 32 columns; bits 8b + w·f and up of word m are those of column (32 ÷ w)·m + 4f + b, for b &lt; 4 and
 * f &lt; 8 ÷ w. So a mask gives the same bits of four neighbouring columns as bytes, whatever the plane.
 */
final class Encoding {
    /**
     * How a code is stored.
     *
     * @param bits of a stored code
     * @param bias what is added to a code to store it
     * @param padding the code of columns and rows that do not exist
     */
    record Field(int bits, int bias, int padding) {}

    private Encoding() {}

    /** Packs {@code [rows][cols]} codes, which the caller has checked, into all words of their blocks. */
    static void pack(Blocks blocks, byte[] codes, Field field, MemorySegment out) {
        requireLength("codes", codes.length, blocks.rows() * blocks.cols());
        int[] unit = new int[Grouping.UNIT];
        for (int row = 0; row < blocks.count() * Blocks.ROWS; row++) {
            for (int k = 0; k < blocks.paddedCols(); k += Grouping.UNIT) {
                for (int i = 0; i < unit.length; i++) {
                    boolean real = row < blocks.rows() && k + i < blocks.cols();
                    unit[i] = (real ? codes[row * blocks.cols() + k + i] : field.padding()) + field.bias();
                }
                pack(unit, field.bits(), out, blocks.unitAt(row, k, field.bits()));
            }
        }
    }

    private static void pack(int[] unit, int bits, MemorySegment out, long at) {
        int line = 0;
        for (int rest = bits; rest > 0; rest -= Integer.highestOneBit(rest)) {
            int width = Integer.highestOneBit(rest);
            int perWord = Integer.SIZE / width;
            for (int first = 0; first < unit.length; first += perWord) {
                int word = 0;
                for (int i = 0; i < perWord; i++) {
                    word |= (unit[first + i] >>> (bits - rest) & mask(width)) << shift(i, width);
                }
                out.set(Numbers.LE_INT, at + line++ * (long) Blocks.LINE, word);
            }
        }
    }

    /** The stored code of one weight. */
    static int stored(Blocks blocks, MemorySegment codes, int bits, long row, int col) {
        long at = blocks.unitAt(row, col, bits);
        int code = 0;
        for (int rest = bits; rest > 0; rest -= Integer.highestOneBit(rest)) {
            int width = Integer.highestOneBit(rest);
            int perWord = Integer.SIZE / width;
            int m = col % Grouping.UNIT / perWord;
            int word = codes.get(Numbers.LE_INT, at + m * (long) Blocks.LINE);
            code |= (word >>> shift(col % perWord, width) & mask(width)) << (bits - rest);
            at += width * (long) Blocks.LINE;
        }
        return code;
    }

    /** The stored codes of the 32 columns of a row from {@code col} on, a multiple of 32; padding included. */
    static void unpack(Blocks blocks, MemorySegment codes, int bits, long row, int col, int[] unit) {
        long at = blocks.unitAt(row, col, bits);
        Arrays.fill(unit, 0);
        for (int rest = bits; rest > 0; rest -= Integer.highestOneBit(rest)) {
            int width = Integer.highestOneBit(rest);
            int perWord = Integer.SIZE / width;
            for (int first = 0; first < Grouping.UNIT; first += perWord, at += Blocks.LINE) {
                int word = codes.get(Numbers.LE_INT, at);
                for (int i = 0; i < perWord; i++) {
                    unit[first + i] |= (word >>> shift(i, width) & mask(width)) << (bits - rest);
                }
            }
        }
    }

    /** Where column i of a word begins. */
    private static int shift(int i, int width) {
        return 8 * (i % 4) + width * (i / 4);
    }

    private static int mask(int width) {
        return (1 << width) - 1;
    }

    /** Scales {@code [rows][groups]} as f16 bits to their places; 0 for padding rows. */
    static void f16Scales(Blocks blocks, short[] scales, MemorySegment out) {
        requireLength("scales", scales.length, blocks.rows() * blocks.groups());
        for (int row = 0; row < blocks.count() * Blocks.ROWS; row++) {
            for (int g = 0; g < blocks.groups(); g++) {
                short scale = row < blocks.rows() ? scales[row * blocks.groups() + g] : 0;
                out.set(Numbers.LE_SHORT, 2 * blocks.scaleAt(row, g), scale);
            }
        }
    }

    /** Also keeps every index into the array within an {@code int}. */
    static void requireLength(String what, int length, long expected) {
        if (length != expected) {
            throw new IllegalArgumentException(length + " " + what + "; expected " + expected);
        }
    }

    /** The scale of one weight, widened exactly. */
    static float f16Scale(Blocks blocks, MemorySegment scales, long row, int col) {
        return Float.float16ToFloat(scales.get(Numbers.LE_SHORT, 2 * blocks.scaleAt(row, col / blocks.group())));
    }
}
