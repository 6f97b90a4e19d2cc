package ingot.runtime.kernel.nativecode;

import static ingot.runtime.kernel.nativecode.VectorOp.VADDPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VCVTDQ2PS;
import static ingot.runtime.kernel.nativecode.VectorOp.VCVTPH2PS;
import static ingot.runtime.kernel.nativecode.VectorOp.VCVTPS2PH;
import static ingot.runtime.kernel.nativecode.VectorOp.VCVTTPS2DQ;
import static ingot.runtime.kernel.nativecode.VectorOp.VDIVPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VMOVUPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VMOVUPS_STORE;
import static ingot.runtime.kernel.nativecode.VectorOp.VMULPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VPADDD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPANDD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPMAXSD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPMAXUD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPMINSD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPMINUD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPMOVZXWD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPORD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPSHUFD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPSLLD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPSRLD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPSUBD;
import static ingot.runtime.kernel.nativecode.VectorOp.VSHUFI32X4;

import ingot.formats.DType;
import ingot.formats.block.Blocks;
import ingot.runtime.kernel.nativecode.Operand.Address;
import ingot.runtime.kernel.nativecode.Operand.Zmm;

/**
 * {@code void round(RoundCall *call)}: rounds one block of 16 rows of weights, f32, f16 or bf16, to codes and scales as they are
 * stored, group by group and row by row, and goes on with the sums of the errors in this order.
 *
 * <p>A group's scale is m ÷ {@link IntegerGrid#divisor}, m the weight of largest magnitude, with its sign (the first of
 * equals) or without, rounded to f16; a code is w·(1 ÷ scale) to the nearest, halves away from zero: w·(1 ÷ scale) with a
 * half of its sign added, cut to an integer. Every step is rounded to f32 once, as Java rounds it.
 *
 * <p>Only right where no scale is 0, below the normal numbers of f16 or beyond the finite ones, and all weights are finite:
 * the smallest and the largest magnitude of the scales before their rounding, as bits, say whether that was so (infinity and
 * NaN have the largest bits).
 */
final class RoundCode {
    static final Gpr CALL = Gpr.RDI;

    /** Where the group begins, and where in it. */
    private static final Gpr GROUP = Gpr.RSI;

    private static final Gpr WEIGHTS = Gpr.R8;
    private static final Gpr CODES = Gpr.RDX;
    private static final Gpr SCALES = Gpr.RCX;
    private static final Gpr UNITS = Gpr.R9;
    private static final Gpr GROUPS = Gpr.R10;
    private static final Gpr ROWS = Gpr.R11;

    private static final Zmm MAGNITUDE = new Zmm(31);
    private static final Zmm SIGN = new Zmm(30);
    private static final Zmm HALF = new Zmm(29);
    private static final Zmm ONE = new Zmm(28);
    private static final Zmm DIVISOR = new Zmm(27);
    private static final Zmm LOWEST = new Zmm(26);
    private static final Zmm HIGHEST = new Zmm(25);
    private static final Zmm BIAS = new Zmm(24);
    private static final Zmm INTEGER_ONE = new Zmm(20);
    private static final Zmm PLACE_STEP = new Zmm(19);
    private static final Zmm[] PLACES = {new Zmm(18), new Zmm(17)};
    private static final Zmm SMALLEST_SCALE = new Zmm(12);
    private static final Zmm LARGEST_SCALE = new Zmm(11);
    private static final Zmm SCALE = new Zmm(10);
    private static final Zmm INVERSE = new Zmm(9);
    private static final Zmm LARGEST = new Zmm(8);
    private static final Zmm FIRST = new Zmm(7);
    private static final Zmm[] PLACE = {new Zmm(6), new Zmm(5)};

    private static final int SWAP_HALVES = 0x4E;
    private static final int SWAP_NEIGHBOURS = 0xB1;

    /** Selections of 128-bit lanes, or of 32-bit elements: after both, every one has met every other. */
    static final int[] LANE_ORDERS = {SWAP_HALVES, SWAP_NEIGHBOURS};

    /** Columns of a register. */
    private static final int LANES = 16;

    private final Assembler a;
    private final DType type;
    private final IntegerGrid grid;
    private final ErrorSumCode errors;
    private final PlaneCode planes;
    private final Zmm x = new Zmm(0);
    private final Zmm t = new Zmm(1);
    private final Zmm stored = new Zmm(2);

    private RoundCode(Assembler a, DType type, IntegerGrid grid) {
        this.a = a;
        this.type = type;
        this.grid = grid;
        this.errors = new ErrorSumCode(a);
        this.planes = new PlaneCode(a, grid);
    }

    /** @param type F32, F16 or BF16 */
    static void emit(Assembler a, DType type, IntegerGrid grid) {
        new RoundCode(a, type, grid).emit();
    }

    private void emit() {
        a.push(Gpr.RBX);
        constants();
        a.mov(GROUP, at(RoundCall.WEIGHTS));
        a.mov(CODES, at(RoundCall.CODES));
        a.mov(SCALES, at(RoundCall.SCALES));
        a.mov(ROWS, (long) Blocks.ROWS);
        Label row = new Label();
        Label group = new Label();
        a.bind(row);
        a.mov(GROUPS, at(RoundCall.GROUPS));
        a.bind(group);
        largest();
        if (grid.signed()) {
            sign();
        }
        scale();
        units(this::round);
        a.mov(GROUP, WEIGHTS);
        a.add(SCALES, Blocks.ROWS * Short.BYTES);
        a.dec(GROUPS);
        a.jnz(group);
        a.mov(Gpr.RAX, at(RoundCall.NEXT_CODES));
        a.add(CODES, Gpr.RAX);
        a.mov(Gpr.RAX, at(RoundCall.NEXT_SCALES));
        a.add(SCALES, Gpr.RAX);
        a.dec(ROWS);
        a.jnz(row);
        errors.results(t);
        a.store(VMOVUPS_STORE, at(RoundCall.SMALLEST_SCALE), SMALLEST_SCALE);
        a.store(VMOVUPS_STORE, at(RoundCall.LARGEST_SCALE), LARGEST_SCALE);
        a.pop(Gpr.RBX);
        a.vzeroupper();
        a.ret();
    }

    private static Address at(int place) {
        return new Address(CALL, place);
    }

    private void constants() {
        a.everywhere(MAGNITUDE, 0x7FFF_FFFF);
        a.everywhere(SIGN, 0x8000_0000);
        a.fill(HALF, 0.5f);
        a.fill(ONE, 1);
        a.fill(DIVISOR, grid.divisor());
        a.everywhere(LOWEST, grid.lowest());
        a.everywhere(HIGHEST, grid.highest());
        a.everywhere(BIAS, grid.bias());
        a.everywhere(INTEGER_ONE, 1);
        a.everywhere(PLACE_STEP, 2 * RoundCall.UNIT);
        for (int half = 0; half < 2; half++) {
            a.op(VMOVUPS, PLACES[half], at(RoundCall.PLACES + 64 * half));
        }
        a.everywhere(SMALLEST_SCALE, -1);
        zero(LARGEST_SCALE);
        errors.constants();
    }

    /** Does something with every unit of the group. */
    private void units(Runnable body) {
        Label unit = new Label();
        a.mov(WEIGHTS, GROUP);
        a.mov(UNITS, at(RoundCall.UNITS));
        a.bind(unit);
        body.run();
        a.add(WEIGHTS, RoundCall.UNIT * type.bytes());
        a.dec(UNITS);
        a.jnz(unit);
    }

    /** A half of the unit's weights as f32. */
    private void load(int half) {
        Address from = new Address(WEIGHTS, half * LANES * type.bytes());
        switch (type) {
            case F32 -> a.op(VMOVUPS, x, from);
            case F16 -> a.op(VCVTPH2PS, x, from);
            case BF16 -> {
                a.op(VPMOVZXWD, x, from);
                a.op(VPSLLD, x, x, 16);
            }
            default -> throw new IllegalArgumentException(type.label());
        }
    }

    private void zero(Zmm register) {
        a.op(VPSUBD, register, register, register);
    }

    /** The largest magnitude to every lane of {@link #LARGEST}; bits of floats have the order of their magnitudes. */
    private void largest() {
        zero(LARGEST);
        units(() -> {
            for (int half = 0; half < 2; half++) {
                load(half);
                a.op(VPANDD, x, x, MAGNITUDE);
                a.op(VPMAXUD, LARGEST, LARGEST, x);
            }
        });
        reduce(LARGEST);
    }

    /** Every lane = the largest of all lanes. */
    private void reduce(Zmm v) {
        for (int selection : LANE_ORDERS) {
            a.op(VSHUFI32X4, t, v, v, selection);
            a.op(VPMAXUD, v, v, t);
        }
        for (int selection : LANE_ORDERS) {
            a.op(VPSHUFD, t, v, selection);
            a.op(VPMAXUD, v, v, t);
        }
    }

    /** Gives {@link #LARGEST} the sign of the first weight that is as large: places are even numbers that fall. */
    private void sign() {
        zero(FIRST);
        for (int half = 0; half < 2; half++) {
            a.op(VPORD, PLACE[half], PLACES[half], PLACES[half]);
        }
        units(() -> {
            for (int half = 0; half < 2; half++) {
                load(half);
                a.op(VPSRLD, t, x, 31);
                a.op(VPORD, t, t, PLACE[half]);
                a.op(VPSUBD, PLACE[half], PLACE[half], PLACE_STEP);
                a.op(VPANDD, x, x, MAGNITUDE);
                // All ones where it is as large, else 0.
                a.op(VPSUBD, x, LARGEST, x);
                a.op(VPMINUD, x, x, INTEGER_ONE);
                a.op(VPSUBD, x, x, INTEGER_ONE);
                a.op(VPANDD, t, t, x);
                a.op(VPMAXUD, FIRST, FIRST, t);
            }
        });
        reduce(FIRST);
        a.op(VPSLLD, FIRST, FIRST, 31);
        a.op(VPORD, LARGEST, LARGEST, FIRST);
    }

    private void scale() {
        a.op(VDIVPS, SCALE, LARGEST, DIVISOR);
        a.op(VPANDD, t, SCALE, MAGNITUDE);
        a.op(VPMINUD, SMALLEST_SCALE, SMALLEST_SCALE, t);
        a.op(VPMAXUD, LARGEST_SCALE, LARGEST_SCALE, t);
        a.store(VCVTPS2PH, at(RoundCall.HALVES), SCALE, 0);
        a.load32(Gpr.RAX, at(RoundCall.HALVES));
        a.store16(new Address(SCALES, 0), Gpr.RAX);
        a.op(VCVTPH2PS, SCALE, at(RoundCall.HALVES));
        a.op(VDIVPS, INVERSE, ONE, SCALE);
    }

    /**
     * A unit's codes, and the terms of its errors; between them the terms of the unit before are summed, for a sum waits for
     * the one before it, and else everything would wait for the sums.
     */
    private void round() {
        for (int half = 0; half < 2; half++) {
            load(half);
            code();
            planes.bytes(half, t);
            errors.sum(2 * half);
            errors.terms(2 * half, stored, x, t);
            a.op(VSHUFI32X4, stored, stored, stored, SWAP_HALVES);
            a.op(VSHUFI32X4, x, x, x, SWAP_HALVES);
            errors.sum(2 * half + 1);
            errors.terms(2 * half + 1, stored, x, t);
        }
        planes.pack(CODES);
        a.add(CODES, grid.bits() * Blocks.LINE);
    }

    /** The codes, biased, to t, what they stand for to {@link #stored}. */
    private void code() {
        a.op(VMULPS, t, x, INVERSE);
        a.op(VPANDD, stored, t, SIGN);
        a.op(VPORD, stored, stored, HALF);
        a.op(VADDPS, t, t, stored);
        a.op(VCVTTPS2DQ, t, t);
        a.op(VPMAXSD, t, t, LOWEST);
        a.op(VPMINSD, t, t, HIGHEST);
        a.op(VCVTDQ2PS, stored, t);
        a.op(VMULPS, stored, stored, SCALE);
        a.op(VPADDD, t, t, BIAS);
    }
}
