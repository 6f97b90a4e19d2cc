package ingot.runtime.kernel.nativecode;

import static ingot.runtime.kernel.nativecode.VectorOp.VADDPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VCVTPH2PS;
import static ingot.runtime.kernel.nativecode.VectorOp.VFMADD231PS;
import static ingot.runtime.kernel.nativecode.VectorOp.VMOVUPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VMOVUPS_STORE;
import static ingot.runtime.kernel.nativecode.VectorOp.VPMOVZXWD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPSLLD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPXORD;

import ingot.formats.DType;
import ingot.runtime.kernel.nativecode.IntegerAssembler.Condition;
import ingot.runtime.kernel.nativecode.Operand.Address;
import ingot.runtime.kernel.nativecode.Operand.Zmm;
import java.util.List;

/**
 * {@code void matvec(const void *weights, const void *, const float *x, float *out, long row, long rows, long cols, long)}:
 * as {@link MatVecCode} for row-major f32, f16 or bf16, a block being a row; lanes are columns. Nothing behind a row is read.
 *
 * <p>64 sums of fused multiply-adds, added up by fours and then by halves: error at most (⌈cols ÷ 64⌉ + 10)·ε·Σ|wᵢ·xᵢ|.
 */
final class DenseMatVecCode {
    private static final int LINE = 64;
    private static final int SUMS = 4;
    private static final int STEP = SUMS * Lanes.COUNT;

    /** Bits by which a bf16 number is shifted to become the upper half of an f32. */
    private static final int HALF = 16;

    private static final Gpr ROW = Gpr.RDI;
    private static final Gpr WEIGHT = Gpr.RSI;
    private static final Gpr X = Gpr.RDX;
    private static final Gpr OUT = Gpr.RCX;
    private static final Gpr FIRST = Gpr.R8;
    private static final Gpr ROWS = Gpr.R9;
    private static final Address COLS = new Address(Gpr.RSP, 8);
    private static final Gpr ROW_BYTES = Gpr.R10;
    private static final Gpr LEFT = Gpr.R11;
    private static final Gpr COLUMN = Gpr.R8; // The first row's number is not needed any more.

    private static final Zmm VALUE = new Zmm(4);
    private static final Zmm OTHER = new Zmm(5);
    private static final Mask FIRST_LANE = new Mask(2);

    private final Assembler a;
    private final DType type;

    private DenseMatVecCode(Assembler a, DType type) {
        this.a = a;
        this.type = type;
    }

    static void emit(Assembler a, DType type) {
        new DenseMatVecCode(a, type).emit();
    }

    private static Zmm sum(int i) {
        return new Zmm(i);
    }

    private void emit() {
        a.mov(Gpr.RAX, 1);
        a.maskFromRax(FIRST_LANE);
        a.mov(ROW_BYTES, COLS);
        a.shl(ROW_BYTES, Integer.numberOfTrailingZeros(type.bytes()));
        a.mov(Gpr.RAX, FIRST);
        BlockCall.toFloat(a, OUT, Gpr.RAX);
        a.imul(FIRST, ROW_BYTES);
        a.add(ROW, FIRST);
        Label row = new Label();
        a.bind(row);
        row();
        a.store(VMOVUPS_STORE, new Address(OUT, 0), FIRST_LANE, sum(0));
        a.add(OUT, Float.BYTES);
        a.add(ROW, ROW_BYTES);
        a.dec(ROWS);
        a.jnz(row);
        a.vzeroupper();
        a.ret();
    }

    private void row() {
        a.mov(WEIGHT, ROW);
        a.mov(COLUMN, X);
        a.mov(LEFT, COLS);
        for (int i = 0; i < SUMS; i++) {
            a.op(VPXORD, sum(i), sum(i), sum(i));
        }
        Label loop = new Label();
        Label rest = new Label();
        a.sub(LEFT, STEP);
        a.jump(Condition.BELOW, rest);
        a.align(Lanes.COUNT);
        a.bind(loop);
        for (int at = 0; at < STEP * type.bytes(); at += LINE) {
            a.prefetcht0(new Address(WEIGHT, MatVecCode.AHEAD + at));
        }
        for (int i = 0; i < SUMS; i++) {
            load(Lanes.ALL, i * Lanes.COUNT * type.bytes());
            a.op(VFMADD231PS, sum(i), VALUE, new Address(COLUMN, i * Lanes.BYTES));
        }
        a.add(WEIGHT, STEP * type.bytes());
        a.add(COLUMN, SUMS * Lanes.BYTES);
        a.sub(LEFT, STEP);
        a.jump(Condition.NOT_BELOW, loop);
        a.bind(rest);
        a.add(LEFT, STEP);
        Lanes.forEach(a, LEFT, List.of(COLUMN), lanes -> {
            load(lanes, 0);
            lanes.load(a, OTHER, new Address(COLUMN, 0));
            a.op(VFMADD231PS, sum(0), VALUE, OTHER);
            a.add(WEIGHT, Lanes.COUNT * type.bytes());
        });
        a.op(VADDPS, sum(0), sum(0), sum(1));
        a.op(VADDPS, sum(2), sum(2), sum(3));
        a.op(VADDPS, sum(0), sum(0), sum(2));
        Lanes.reduce(a, VADDPS, sum(0), OTHER);
    }

    /** Weights from the place on as f32; lanes that are not there become 0. */
    private void load(Lanes lanes, int at) {
        Address from = new Address(WEIGHT, at);
        VectorOp widen = switch (type) {
            case F32 -> VMOVUPS;
            case F16 -> VCVTPH2PS;
            case BF16 -> VPMOVZXWD;
            default -> throw new IllegalArgumentException("dense weights of type " + type.label());
        };
        switch (lanes) {
            case ALL -> a.op(widen, VALUE, from);
            case REST -> a.zeroing(widen, VALUE, Lanes.MASK, from);
        }
        if (type == DType.BF16) {
            a.op(VPSLLD, VALUE, VALUE, HALF);
        }
    }
}
