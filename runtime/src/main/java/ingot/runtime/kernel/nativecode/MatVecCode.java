package ingot.runtime.kernel.nativecode;

import static ingot.runtime.kernel.nativecode.VectorOp.VCVTDQ2PS;
import static ingot.runtime.kernel.nativecode.VectorOp.VCVTPH2PS;
import static ingot.runtime.kernel.nativecode.VectorOp.VFMADD231PS;
import static ingot.runtime.kernel.nativecode.VectorOp.VMOVUPS_STORE;
import static ingot.runtime.kernel.nativecode.VectorOp.VMULPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VPADDD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPADDW;
import static ingot.runtime.kernel.nativecode.VectorOp.VPANDD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPBROADCASTD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPDPBUSD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPMADDUBSW;
import static ingot.runtime.kernel.nativecode.VectorOp.VPMADDWD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPSLLD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPSRAD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPSRLW;
import static ingot.runtime.kernel.nativecode.VectorOp.VPXORD;

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
    static final int AHEAD = 4096;

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
    private final UnitRecord form;

    /** Registers that 16 rows take: one of 16 lanes, or two of eight. */
    private final int halves;

    /** Bytes of 8-bit lanes in a register. */
    private final int width;

    private final boolean broadcasts;
    private final Zmm product = new Zmm(10);
    private final Zmm digits = new Zmm(11);
    private final Zmm scale = new Zmm(15);

    // Registers of sums that only three planes have.
    private final Zmm evenBytes = new Zmm(6);
    private final Zmm ones = new Zmm(7);

    private MatVecCode(Assembler a, ByteCodes codes, Isa isa) {
        this.a = a;
        this.codes = codes;
        this.form = isa.form();
        this.broadcasts = isa.encoding() == Encoding.EVEX_512;
        this.halves = broadcasts ? 1 : 2;
        this.width = Blocks.LINE / halves;
    }

    static void emit(Assembler a, ByteCodes codes, Isa isa) {
        new MatVecCode(a, codes, isa).emit();
    }

    private static Zmm y(int half) {
        return new Zmm(half);
    }

    /** Sums of a plane's products, those of the highest digit first. */
    private static Zmm sum(int plane, int half) {
        return new Zmm(2 + 2 * plane + half);
    }

    /** Where all come together. */
    private Zmm total(int half) {
        return sum(form == UnitRecord.BYTES ? UnitRecord.PLANES - 1 : 1, half);
    }

    /** Codes as unsigned bytes. */
    private static Zmm u(int half) {
        return new Zmm(8 + half);
    }

    private void emit() {
        toFirstBlock();
        codes.constants(a);
        if (form == UnitRecord.WORDS) {
            a.everywhere(evenBytes, 0x00FF_00FF);
            a.everywhere(ones, 0x0001_0001);
        }
        Label block = new Label();
        Label group = new Label();
        Label unit = new Label();
        a.bind(block);
        a.mov(RECORD, RECORDS);
        a.mov(GROUPS_LEFT, GROUPS);
        for (int half = 0; half < halves; half++) {
            a.op(VPXORD, y(half), y(half), y(half));
        }
        a.bind(group);
        a.mov(UNITS_LEFT, UNITS_PER_GROUP);
        a.bind(unit);
        for (int line = 0; line < codes.bits(); line++) {
            a.prefetcht0(new Address(CODES, AHEAD + line * Blocks.LINE));
        }
        switch (form) {
            case BYTES -> bytes();
            case WORDS -> words();
        }
        addToOutputs();
        a.add(CODES, codes.unitBytes());
        a.add(RECORD, UnitRecord.RECORD_BYTES);
        a.dec(UNITS_LEFT);
        a.jnz(unit);
        a.add(SCALES, Blocks.ROWS * Short.BYTES);
        a.dec(GROUPS_LEFT);
        a.jnz(group);
        for (int half = 0; half < halves; half++) {
            a.store(VMOVUPS_STORE, new Address(OUT, half * width), y(half));
        }
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

    /** Four bytes of the record in every lane: an operand where there is such a thing, else a register. */
    private Operand everywhere(int at) {
        return broadcasts ? new Broadcast(RECORD, at) : load(at);
    }

    private Zmm load(int at) {
        a.op(VPBROADCASTD, digits, new Address(RECORD, at));
        return digits;
    }

    /** y = fma(float(total) · d, scale, y). */
    private void addToOutputs() {
        Operand d = everywhere(UnitRecord.SCALE);
        for (int half = 0; half < halves; half++) {
            a.op(VCVTDQ2PS, total(half), total(half));
            a.op(VMULPS, total(half), total(half), d);
            a.op(VCVTPH2PS, scale, new Address(SCALES, half * width / 2));
            a.op(VFMADD231PS, y(half), total(half), scale);
        }
    }

    /** The total begins with −bias·Σ a, the other sums with 0. */
    private void beginSums(int planes) {
        int missing = Integer.numberOfTrailingZeros(UnitRecord.BIAS / codes.bias());
        for (int half = 0; half < halves; half++) {
            for (int plane = 0; plane < planes - 1; plane++) {
                a.op(VPXORD, sum(plane, half), sum(plane, half), sum(plane, half));
            }
            a.op(VPBROADCASTD, total(half), new Address(RECORD, UnitRecord.BIAS_SUM));
            if (missing > 0) {
                a.op(VPSRAD, total(half), total(half), missing);
            }
        }
    }

    private void loadCodes(int step) {
        for (int half = 0; half < halves; half++) {
            codes.fourColumns(a, step, new Address(CODES, half * width), u(half));
        }
    }

    /** Σ u·a = 256·(256·Σ u·h + Σ u·m) + Σ u·l. */
    private void bytes() {
        beginSums(UnitRecord.PLANES);
        for (int step = 0; step < UnitRecord.STEPS; step++) {
            loadCodes(step);
            for (int plane = 0; plane < UnitRecord.PLANES; plane++) {
                Operand four = everywhere(form.bytesAt(plane, step));
                for (int half = 0; half < halves; half++) {
                    a.op(VPDPBUSD, sum(plane, half), u(half), four);
                }
            }
        }
        for (int half = 0; half < halves; half++) {
            for (int plane = 1; plane < UnitRecord.PLANES; plane++) {
                a.op(VPSLLD, sum(plane - 1, half), sum(plane - 1, half), 8);
                a.op(VPADDD, sum(plane, half), sum(plane, half), sum(plane - 1, half));
            }
        }
    }

    /**
     * Σ u·a = 65536·Σ u·h + Σ u·w. The first is a sum of 16-bit words (2·255·8 in each of eight steps is below 2¹⁵); for the
     * second the bytes of a lane become two words.
     */
    private void words() {
        beginSums(2);
        for (int step = 0; step < UnitRecord.STEPS; step++) {
            loadCodes(step);
            load(form.bytesAt(0, step));
            for (int half = 0; half < halves; half++) {
                a.op(VPMADDUBSW, product, u(half), digits);
                a.op(VPADDW, sum(0, half), sum(0, half), product);
            }
            load(UnitRecord.pairAt(step, 0));
            for (int half = 0; half < halves; half++) {
                a.op(VPANDD, product, u(half), evenBytes);
                a.op(VPMADDWD, product, product, digits);
                a.op(VPADDD, total(half), total(half), product);
            }
            load(UnitRecord.pairAt(step, 1));
            for (int half = 0; half < halves; half++) {
                a.op(VPSRLW, u(half), u(half), 8);
                a.op(VPMADDWD, u(half), u(half), digits);
                a.op(VPADDD, total(half), total(half), u(half));
            }
        }
        for (int half = 0; half < halves; half++) {
            a.op(VPMADDWD, sum(0, half), sum(0, half), ones);
            a.op(VPSLLD, sum(0, half), sum(0, half), 16);
            a.op(VPADDD, total(half), total(half), sum(0, half));
        }
    }
}
