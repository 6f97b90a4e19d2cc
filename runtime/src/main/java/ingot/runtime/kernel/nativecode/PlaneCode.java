package ingot.runtime.kernel.nativecode;

import static ingot.runtime.kernel.nativecode.VectorOp.VPANDD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPMOVDB;
import static ingot.runtime.kernel.nativecode.VectorOp.VPSRLD;

import ingot.formats.block.Blocks;
import ingot.runtime.kernel.nativecode.Operand.Address;
import ingot.runtime.kernel.nativecode.Operand.Zmm;

/**
 * The part of {@link RoundCode} that packs the codes of a unit of 32 columns of one row to words a line apart: as bytes to
 * memory, plane by plane (docs/format.md section 3), then four columns at a time. Overwrites rax and rbx.
 *
 * @param a with {@link RoundCode#CALL} pointing to a {@link RoundCall}
 */
record PlaneCode(Assembler a, IntegerGrid grid) {
    private static final int LANES = 16;
    private static final Zmm PLANE = new Zmm(23);

    /** {@link ErrorSumCode} overwrites it too. */
    private static final Zmm MASK = new Zmm(3);

    /** Bits of a plane's codes: the widest power of two that is left. */
    private int width(int low) {
        return Integer.highestOneBit(grid.bits() - low);
    }

    /** Every plane of sixteen codes, one in each lane, to memory. */
    void bytes(int half, Zmm codes) {
        int to = RoundCall.BYTES + LANES * half;
        for (int low = 0; low < grid.bits(); low += width(low)) {
            Zmm bits = codes;
            if (width(low) < grid.bits()) {
                a.everywhere(MASK, (1 << width(low)) - 1);
                a.op(VPSRLD, PLANE, codes, low);
                a.op(VPANDD, PLANE, PLANE, MASK);
                bits = PLANE;
            }
            a.store(VPMOVDB, new Address(RoundCode.CALL, to), bits);
            to += RoundCall.UNIT;
        }
    }

    /** The bytes of the unit to the words of its row, the first of which {@code codes} points to. */
    void pack(Gpr codes) {
        int line = 0;
        int from = RoundCall.BYTES;
        for (int low = 0; low < grid.bits(); low += width(low)) {
            int width = width(low);
            for (int word = 0; word < width; word++) {
                a.load32(Gpr.RAX, new Address(RoundCode.CALL, from));
                from += Integer.BYTES;
                for (int shift = width; shift < Byte.SIZE; shift += width) {
                    a.load32(Gpr.RBX, new Address(RoundCode.CALL, from));
                    from += Integer.BYTES;
                    a.shl(Gpr.RBX, shift);
                    a.or(Gpr.RAX, Gpr.RBX);
                }
                a.store32(new Address(codes, Blocks.LINE * line++), Gpr.RAX);
            }
        }
    }
}
