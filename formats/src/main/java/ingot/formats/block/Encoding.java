package ingot.formats.block;

import ingot.formats.Numbers;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
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
    /** Four neighbouring codes. */
    private static final VarHandle FOUR = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    /** One in each of four bytes, and the seven low bits of each. */
    private static final int BYTES = 0x01010101;

    private static final int LOW = 0x7F7F7F7F;

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
        byte[] padded = new byte[Grouping.UNIT];
        for (int row = 0; row < blocks.count() * Blocks.ROWS; row++) {
            for (int k = 0; k < blocks.paddedCols(); k += Grouping.UNIT) {
                long at = blocks.unitAt(row, k, field.bits());
                int real = row < blocks.rows() ? Math.clamp(blocks.cols() - k, 0, Grouping.UNIT) : 0;
                int first = row * blocks.cols() + k;
                if (real == Grouping.UNIT) {
                    pack(codes, first, field, out, at);
                } else {
                    System.arraycopy(codes, real == 0 ? 0 : first, padded, 0, real);
                    Arrays.fill(padded, real, Grouping.UNIT, (byte) field.padding());
                    pack(padded, 0, field, out, at);
                }
            }
        }
    }

    /** Packs 32 codes, four at a time. */
    private static void pack(byte[] codes, int first, Field field, MemorySegment out, long at) {
        int bits = field.bits();
        int bias = BYTES * field.bias();
        long line = at;
        for (int rest = bits; rest > 0; rest -= Integer.highestOneBit(rest)) {
            int width = Integer.highestOneBit(rest);
            int mask = BYTES * mask(width);
            for (int i = first; i < first + Grouping.UNIT; line += Blocks.LINE) {
                int word = 0;
                for (int shift = 0; shift < Byte.SIZE; shift += width, i += Integer.BYTES) {
                    int four = (int) FOUR.get(codes, i);
                    // A sum of four bytes in which nothing is carried from one into the next.
                    int stored = (four & LOW) + (bias & LOW) ^ (four ^ bias) & ~LOW;
                    word |= (stored >>> (bits - rest) & mask) << shift;
                }
                out.set(Numbers.LE_INT, line, word);
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
