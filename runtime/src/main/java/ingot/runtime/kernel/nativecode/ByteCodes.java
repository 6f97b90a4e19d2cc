package ingot.runtime.kernel.nativecode;

import static ingot.runtime.kernel.nativecode.VectorOp.VMOVUPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VPANDD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPORD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPSHUFB;
import static ingot.runtime.kernel.nativecode.VectorOp.VPSLLW;
import static ingot.runtime.kernel.nativecode.VectorOp.VPSRLW;
import static ingot.runtime.kernel.nativecode.VectorOp.VPUNPCKLQDQ;

import ingot.formats.block.Blocks;
import ingot.formats.block.Int4;
import ingot.formats.block.Iq4;
import ingot.runtime.kernel.nativecode.Operand.Address;
import ingot.runtime.kernel.nativecode.Operand.Zmm;

/**
 * How the codes of one type become unsigned bytes, value + {@link #bias}, four columns of 16 rows in a register (or of 8 in one of 256 bits): the only
 * part of a kernel that depends on the type. docs/format.md section 3 has the layout of the words.
 */
sealed interface ByteCodes {
    /** A register that {@link #fourColumns} may overwrite. */
    Zmm TEMPORARY = new Zmm(12);

    /** Registers with what {@link #constants} loads. */
    Zmm FIRST = new Zmm(13);

    Zmm SECOND = new Zmm(14);

    /** Bits of a code: 32 columns of 16 rows have as many lines of 64 bytes. */
    int bits();

    /** What is added to a value; a power of two. */
    int bias();

    /** Fills {@link #FIRST} and {@link #SECOND}; overwrites rax and {@link #TEMPORARY}. */
    void constants(Assembler a);

    /** Columns 4·step … 4·step + 3 of the 32 whose codes begin at {@code codes}; step 0 … 7. */
    void fourColumns(Assembler a, int step, Address codes, Zmm out);

    /** Bytes that the codes of 32 columns of 16 rows take. */
    default int unitBytes() {
        return bits() * Blocks.LINE;
    }

    /** The same four bytes in every lane. */
    private static void everyByte(Assembler a, int value, Zmm out) {
        a.everywhere(out, value * 0x01010101);
    }

    private static Address line(Address codes, int index) {
        return new Address(codes.base(), codes.disp() + index * Blocks.LINE);
    }

    /** int8: the bytes as they lie. */
    record Bytes() implements ByteCodes {
        @Override
        public int bits() {
            return 8;
        }

        @Override
        public int bias() {
            return 128;
        }

        @Override
        public void constants(Assembler a) {}

        @Override
        public void fourColumns(Assembler a, int step, Address codes, Zmm out) {
            a.op(VMOVUPS, out, line(codes, step));
        }
    }

    /** int4: columns 8j … 8j+3 in the low, 8j+4 … 8j+7 in the high nibbles of a line. */
    record Nibbles() implements ByteCodes {
        @Override
        public int bits() {
            return 4;
        }

        @Override
        public int bias() {
            return Int4.BIAS;
        }

        @Override
        public void constants(Assembler a) {
            everyByte(a, 15, FIRST);
        }

        @Override
        public void fourColumns(Assembler a, int step, Address codes, Zmm out) {
            if (step % 2 == 0) {
                a.op(VPANDD, out, FIRST, line(codes, step / 2));
            } else {
                a.op(VMOVUPS, out, line(codes, step / 2));
                a.op(VPSRLW, out, out, 4);
                a.op(VPANDD, out, out, FIRST);
            }
        }
    }

    /** iq4: the nibbles of int4 are looked up in a table of signed bytes, made unsigned by 128. */
    record TableNibbles() implements ByteCodes {
        @Override
        public int bits() {
            return 4;
        }

        @Override
        public int bias() {
            return 128;
        }

        @Override
        public void constants(Assembler a) {
            everyByte(a, 15, FIRST);
            half(a, 0, SECOND);
            half(a, 8, TEMPORARY);
            a.op(VPUNPCKLQDQ, SECOND, SECOND, TEMPORARY);
        }

        private void half(Assembler a, int from, Zmm out) {
            Iq4 layout = new Iq4(0);
            long bytes = 0;
            for (int i = 0; i < Long.BYTES; i++) {
                bytes |= (layout.value(from + i) + (long) bias()) << 8 * i;
            }
            a.everywhere(out, bytes);
        }

        @Override
        public void fourColumns(Assembler a, int step, Address codes, Zmm out) {
            new Nibbles().fourColumns(a, step, codes, out);
            a.op(VPSHUFB, out, SECOND, out);
        }
    }

    /** int3, int5, int6: two planes, the lower {@code wide} bits of the codes and the others. */
    record Planes(int bits) implements ByteCodes {
        @Override
        public int bias() {
            return 1 << (bits - 1);
        }

        private int wide() {
            return Integer.highestOneBit(bits);
        }

        private int narrow() {
            return bits - wide();
        }

        @Override
        public void constants(Assembler a) {
            everyByte(a, (1 << wide()) - 1, FIRST);
            everyByte(a, (1 << bits) - (1 << wide()), SECOND);
        }

        @Override
        public void fourColumns(Assembler a, int step, Address codes, Zmm out) {
            field(a, line(codes, step * wide() / 8), -(step * wide() % 8), out);
            a.op(VPANDD, out, out, FIRST);
            field(a, line(codes, wide() + step * narrow() / 8), wide() - step * narrow() % 8, TEMPORARY);
            a.op(VPANDD, TEMPORARY, TEMPORARY, SECOND);
            a.op(VPORD, out, out, TEMPORARY);
        }

        /** A line shifted to the left, or to the right where {@code left} is negative. */
        private static void field(Assembler a, Address line, int left, Zmm out) {
            a.op(VMOVUPS, out, line);
            if (left > 0) {
                a.op(VPSLLW, out, out, left);
            } else if (left < 0) {
                a.op(VPSRLW, out, out, -left);
            }
        }
    }
}
