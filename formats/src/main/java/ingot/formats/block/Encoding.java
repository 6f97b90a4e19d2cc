package ingot.formats.block;

import ingot.formats.Numbers;
import java.lang.foreign.MemorySegment;

/** Packing and unpacking shared by the block layouts; places are those of {@link Blocks}. */
final class Encoding {
    private static final int NIBBLES = 8;

    private Encoding() {}

    /** Words of four bytes: byte b is column 4j+b, stored as code + bias; padding is {@code bias}. */
    static void bytes(Blocks blocks, byte[] codes, int bias, MemorySegment out) {
        requireLength("codes", codes.length, blocks.rows() * blocks.cols());
        for (int row = 0; row < blocks.count() * Blocks.ROWS; row++) {
            for (int k = 0; k < blocks.paddedCols(); k += Int8.PER_WORD) {
                int word = 0;
                for (int b = 0; b < Int8.PER_WORD; b++) {
                    word |= ((code(blocks, codes, row, k + b, 0) + bias) & 0xFF) << 8 * b;
                }
                out.set(Numbers.LE_INT, blocks.wordAt(row, k, Int8.PER_WORD), word);
            }
        }
    }

    /** Words of eight nibbles in the order of {@link #shift}, stored as code + bias; padding is {@code bias}. */
    static void nibbles(Blocks blocks, byte[] codes, int bias, MemorySegment out) {
        nibbles(blocks, codes, bias, 0, out);
    }

    /** As above with another code for padding. */
    static void nibbles(Blocks blocks, byte[] codes, int bias, int padding, MemorySegment out) {
        requireLength("codes", codes.length, blocks.rows() * blocks.cols());
        for (int row = 0; row < blocks.count() * Blocks.ROWS; row++) {
            for (int k = 0; k < blocks.paddedCols(); k += NIBBLES) {
                int word = 0;
                for (int i = 0; i < NIBBLES; i++) {
                    int stored = code(blocks, codes, row, k + i, padding) + bias;
                    if (stored < 0 || stored > 15) {
                        throw new IllegalArgumentException("4-bit code " + (stored - bias) + " of row " + row
                                + ", column " + (k + i) + "; expected " + -bias + " to " + (15 - bias));
                    }
                    word |= stored << shift(k + i);
                }
                out.set(Numbers.LE_INT, blocks.wordAt(row, k, NIBBLES), word);
            }
        }
    }

    /** The stored nibble of one weight. */
    static int nibble(Blocks blocks, MemorySegment codes, long row, int col) {
        return (codes.get(Numbers.LE_INT, blocks.wordAt(row, col, NIBBLES)) >>> shift(col)) & 15;
    }

    /** Column 8j+b is the low, column 8j+4+b the high nibble of byte b. */
    private static int shift(int col) {
        int b = col % 4;
        boolean high = col % NIBBLES >= 4;
        return 8 * b + (high ? 4 : 0);
    }

    private static int code(Blocks blocks, byte[] codes, int row, int col, int padding) {
        return row < blocks.rows() && col < blocks.cols() ? codes[row * blocks.cols() + col] : padding;
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
