package ingot.runtime.kernel.nativecode;

import static ingot.runtime.kernel.nativecode.VectorOp.VADDPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VFMADD231PS;
import static ingot.runtime.kernel.nativecode.VectorOp.VMOVUPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VMOVUPS_STORE;
import static ingot.runtime.kernel.nativecode.VectorOp.VPERMPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VPSRLD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPXORD;

import ingot.formats.block.Blocks;
import ingot.formats.block.Nf4;
import ingot.runtime.kernel.nativecode.Operand.Address;
import ingot.runtime.kernel.nativecode.Operand.Broadcast;
import ingot.runtime.kernel.nativecode.Operand.Zmm;

/**
 * {@code void matvec(const void *codes, const float *scales, const float *x, float *out, long block, long blocks, long
 * groups, const float *table)}: as {@link MatVecCode} for nf4, in f32. The table of 16 values is in a register, a
 * permutation with the codes as indices looks 16 of them up. Activations are read in the order of the columns.
 *
 * <p>A group's 64 products are summed in eight parts, these in pairs, and the group's sum is multiplied with its scale and
 * added: error at most (groups + 11)·ε·Σ|wᵢ·xᵢ|.
 */
final class TableMatVecCode {
    /** Columns of a word. */
    private static final int PER_WORD = 8;

    private static final int PARTS = 8;

    private static final int GROUP_BYTES = Nf4.GROUP / PER_WORD * Blocks.LINE;

    private static final Gpr CODES = Gpr.RDI;
    private static final Gpr SCALES = Gpr.RSI;
    private static final Gpr X = Gpr.RDX;
    private static final Gpr OUT = Gpr.RCX;
    private static final Gpr BLOCK = Gpr.R8;
    private static final Gpr BLOCKS = Gpr.R9;
    private static final Address GROUPS = new Address(Gpr.RSP, 8);
    private static final Address TABLE_AT = new Address(Gpr.RSP, 16);
    private static final Gpr LEFT = Gpr.R10;
    private static final Gpr COLUMN = Gpr.R11;

    private static final Zmm Y = new Zmm(0);
    private static final Zmm WORD = new Zmm(1);
    private static final Zmm VALUE = new Zmm(2);
    private static final Zmm TABLE = new Zmm(31);

    private TableMatVecCode() {}

    private static Zmm part(int i) {
        return new Zmm(8 + i);
    }

    static void emit(Assembler a) {
        a.mov(Gpr.RAX, TABLE_AT);
        a.op(VMOVUPS, TABLE, new Address(Gpr.RAX, 0));
        toFirstBlock(a);
        Label block = new Label();
        Label group = new Label();
        a.bind(block);
        a.mov(COLUMN, X);
        a.mov(LEFT, GROUPS);
        a.op(VPXORD, Y, Y, Y);
        a.bind(group);
        group(a);
        a.add(CODES, GROUP_BYTES);
        a.add(SCALES, Blocks.ROWS * Float.BYTES);
        a.add(COLUMN, Nf4.GROUP * Float.BYTES);
        a.dec(LEFT);
        a.jnz(group);
        a.store(VMOVUPS_STORE, new Address(OUT, 0), Y);
        a.add(OUT, Blocks.ROWS * Float.BYTES);
        a.dec(BLOCKS);
        a.jnz(block);
        a.vzeroupper();
        a.ret();
    }

    private static void toFirstBlock(Assembler a) {
        int floats = Integer.numberOfTrailingZeros(Blocks.ROWS * Float.BYTES);
        a.mov(Gpr.R11, BLOCK);
        a.shl(Gpr.R11, floats);
        a.add(OUT, Gpr.R11);
        a.mov(Gpr.RAX, GROUPS);
        a.imul(BLOCK, Gpr.RAX);
        a.mov(Gpr.R11, BLOCK);
        a.shl(Gpr.R11, Integer.numberOfTrailingZeros(GROUP_BYTES));
        a.add(CODES, Gpr.R11);
        a.shl(BLOCK, floats);
        a.add(SCALES, BLOCK);
    }

    private static void group(Assembler a) {
        for (int i = 0; i < PARTS; i++) {
            a.op(VPXORD, part(i), part(i), part(i));
        }
        for (int line = 0; line < Nf4.GROUP / PER_WORD; line++) {
            int at = line * Blocks.LINE;
            a.prefetcht0(new Address(CODES, MatVecCode.AHEAD + at));
            a.op(VMOVUPS, WORD, new Address(CODES, at));
            for (int nibble = 0; nibble < PER_WORD; nibble++) {
                // Low nibbles are columns 0 … 3 of a word, high nibbles columns 4 … 7.
                int column = line * PER_WORD + nibble % 2 * 4 + nibble / 2;
                if (nibble == 0) {
                    a.op(VPERMPS, VALUE, WORD, TABLE);
                } else {
                    a.op(VPSRLD, VALUE, WORD, 4 * nibble);
                    a.op(VPERMPS, VALUE, VALUE, TABLE);
                }
                a.op(VFMADD231PS, part(nibble), VALUE, new Broadcast(COLUMN, column * Float.BYTES));
            }
        }
        for (int apart = PARTS / 2; apart > 0; apart /= 2) {
            for (int i = 0; i < apart; i++) {
                a.op(VADDPS, part(i), part(i), part(i + apart));
            }
        }
        a.op(VFMADD231PS, Y, part(0), new Address(SCALES, 0));
    }
}
