package ingot.runtime.kernel.nativecode;

import static ingot.runtime.kernel.nativecode.VectorOp.VCVTDQ2PS;
import static ingot.runtime.kernel.nativecode.VectorOp.VCVTPH2PS;
import static ingot.runtime.kernel.nativecode.VectorOp.VFMADD231PS;
import static ingot.runtime.kernel.nativecode.VectorOp.VMOVUPS_STORE;
import static ingot.runtime.kernel.nativecode.VectorOp.VMULPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VPADDD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPANDD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPBROADCASTD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPBROADCASTD_GPR;
import static ingot.runtime.kernel.nativecode.VectorOp.VPDPBUSD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPMADDWD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPSLLD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPSRLW;
import static ingot.runtime.kernel.nativecode.VectorOp.VPXORD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPMADDUBSW;
import static ingot.runtime.kernel.nativecode.VectorOp.VPADDW;
import static ingot.runtime.kernel.nativecode.VectorOp.VPSRAD;

import ingot.formats.block.Blocks;
import ingot.runtime.kernel.nativecode.Operand.Address;
import ingot.runtime.kernel.nativecode.Operand.Broadcast;
import ingot.runtime.kernel.nativecode.Operand.Zmm;

/**
 * {@code void matvec(const void *codes, const void *scales, const void *records, float *out, long block, long blocks, long
 * groups, long unitsPerGroup)}: out[row] = W·x for the rows of {@code blocks} blocks from {@code block} on of a matrix whose
 * parts begin at codes and scales. Lanes are rows; a block's codes are one stream, its f16 scales another.
 */
final class MatVecCode {
    /** How far ahead codes are asked for: a page, which the processor's own prefetching does not look beyond. */
    private static final int AHEAD = 4096;

    private static final Gpr CODES = Gpr.RDI;
    private static final Gpr SCALES = Gpr.RSI;
    private static final Gpr RECORDS = Gpr.RDX;
    private static final Gpr OUT = Gpr.RCX;
    private static final Gpr BLOCK = Gpr.R8;
    private static final Gpr BLOCKS = Gpr.R9;
    private static final Address GROUPS = new Address(Gpr.RSP, 8);
    private static final Address UNITS_PER_GROUP = new Address(Gpr.RSP, 16);
    private static final Gpr GROUPS_LEFT = Gpr.R10;
    private static final Gpr UNITS_LEFT = Gpr.R11;
    private static final Gpr RECORD = Gpr.R8; // The block's number is not needed any more.

    private final Assembler a;
    private final ByteCodes codes;
    private final Zmm y = new Zmm(0);
    private final Zmm scale = new Zmm(1);
    private final Zmm[] sums = {new Zmm(2), new Zmm(7), new Zmm(3)};
    private final Zmm high = sums[0];
    private final UnitRecord form;
    private final Zmm sum = sums[2];
    private final Zmm bytes = new Zmm(8);
    private final Zmm even = new Zmm(4);
    private final Zmm odd = new Zmm(5);
    private final Zmm pair = new Zmm(6);
    private final Zmm evenBytes = new Zmm(30);
    private final Zmm ones = new Zmm(31);

    private MatVecCode(Assembler a, ByteCodes codes, UnitRecord form) {
        this.a = a;
        this.codes = codes;
        this.form = form;
    }

    static void emit(Assembler a, ByteCodes codes, Isa isa) {
        new MatVecCode(a, codes, isa.form()).emit(isa);
    }

    private void emit(Isa isa) {
        toFirstBlock();
        codes.constants(a);
        a.mov(Gpr.RAX, 0x00FF_00FF);
        a.broadcast(VPBROADCASTD_GPR, evenBytes, Gpr.RAX);
        a.mov(Gpr.RAX, 0x0001_0001);
        a.broadcast(VPBROADCASTD_GPR, ones, Gpr.RAX);
        Label block = new Label();
        Label group = new Label();
        Label unit = new Label();
        a.bind(block);
        a.mov(RECORD, RECORDS);
        a.mov(GROUPS_LEFT, GROUPS);
        a.op(VPXORD, y, y, y);
        a.bind(group);
        a.op(VCVTPH2PS, scale, new Address(SCALES, 0));
        a.add(SCALES, Blocks.ROWS * Short.BYTES);
        a.mov(UNITS_LEFT, UNITS_PER_GROUP);
        a.bind(unit);
        for (int line = 0; line < codes.bits(); line++) {
            a.prefetcht0(new Address(CODES, AHEAD + line * Blocks.LINE));
        }
        switch (isa) {
            case AVX512_VNNI -> bytes();
            case AVX512 -> words();
        }
        a.op(VCVTDQ2PS, sum, sum);
        a.op(VMULPS, sum, sum, new Broadcast(RECORD, UnitRecord.SCALE));
        a.op(VFMADD231PS, y, sum, scale);
        a.add(CODES, codes.unitBytes());
        a.add(RECORD, UnitRecord.RECORD_BYTES);
        a.dec(UNITS_LEFT);
        a.jnz(unit);
        a.dec(GROUPS_LEFT);
        a.jnz(group);
        a.store(VMOVUPS_STORE, new Address(OUT, 0), y);
        a.add(OUT, Blocks.ROWS * Float.BYTES);
        a.dec(BLOCKS);
        a.jnz(block);
        a.vzeroupper();
        a.ret();
    }

    /**
     * codes += block · groups · unitsPerGroup · bytes of a unit; scales += block · groups · bytes of 16 halves; out
     * += block · bytes of 16 floats.
     */
    private void toFirstBlock() {
        a.mov(Gpr.R11, BLOCK);
        a.shl(Gpr.R11, Integer.numberOfTrailingZeros(Blocks.ROWS * Float.BYTES));
        a.add(OUT, Gpr.R11);
        a.mov(Gpr.RAX, GROUPS);
        a.imul(BLOCK, Gpr.RAX);
        a.mov(Gpr.R10, UNITS_PER_GROUP);
        a.imul(Gpr.R10, BLOCK);
        a.mov(Gpr.R11, codes.unitBytes());
        a.imul(Gpr.R10, Gpr.R11);
        a.add(CODES, Gpr.R10);
        a.shl(BLOCK, Integer.numberOfTrailingZeros(Blocks.ROWS * Short.BYTES));
        a.add(SCALES, BLOCK);
    }

    /** −bias·Σ a. */
    private void biasSum(Zmm out) {
        a.op(VPBROADCASTD, out, new Address(RECORD, UnitRecord.BIAS_SUM));
        int missing = Integer.numberOfTrailingZeros(UnitRecord.BIAS / codes.bias());
        if (missing > 0) {
            a.op(VPSRAD, out, out, missing);
        }
    }

    /** Σ u·a = 256·(256·Σ u·h + Σ u·m) + Σ u·l. */
    private void bytes() {
        a.op(VPXORD, sums[0], sums[0], sums[0]);
        a.op(VPXORD, sums[1], sums[1], sums[1]);
        biasSum(sum);
        for (int step = 0; step < UnitRecord.STEPS; step++) {
            Zmm u = step % 2 == 0 ? even : odd;
            codes.fourColumns(a, step, CODES, u);
            for (int plane = 0; plane < UnitRecord.PLANES; plane++) {
                a.op(VPDPBUSD, sums[plane], u, new Broadcast(RECORD, form.bytesAt(plane, step)));
            }
        }
        for (int plane = 1; plane < UnitRecord.PLANES; plane++) {
            a.op(VPSLLD, sums[plane - 1], sums[plane - 1], 8);
            a.op(VPADDD, sums[plane], sums[plane], sums[plane - 1]);
        }
    }

    /**
     * Σ u·a = 65536·Σ u·h + Σ u·w. The first is a sum of 16-bit words (2·255·8 in each of eight steps is below 2¹⁵); for the
     * second the bytes of a lane become two words.
     */
    private void words() {
        a.op(VPXORD, high, high, high);
        biasSum(sum);
        for (int step = 0; step < UnitRecord.STEPS; step++) {
            codes.fourColumns(a, step, CODES, odd);
            a.op(VPBROADCASTD, pair, new Address(RECORD, form.bytesAt(0, step)));
            a.op(VPMADDUBSW, bytes, odd, pair);
            a.op(VPADDW, high, high, bytes);
            a.op(VPANDD, even, odd, evenBytes);
            a.op(VPSRLW, odd, odd, 8);
            addProduct(even, UnitRecord.pairAt(step, 0));
            addProduct(odd, UnitRecord.pairAt(step, 1));
        }
        a.op(VPMADDWD, high, high, ones);
        a.op(VPSLLD, high, high, 16);
        a.op(VPADDD, sum, sum, high);
    }

    private void addProduct(Zmm words, int at) {
        a.op(VPBROADCASTD, pair, new Address(RECORD, at));
        a.op(VPMADDWD, words, words, pair);
        a.op(VPADDD, sum, sum, words);
    }
}
