package ingot.runtime.kernel.nativecode;

import static ingot.runtime.kernel.nativecode.VectorOp.VCVTDQ2PS;
import static ingot.runtime.kernel.nativecode.VectorOp.VCVTPH2PS;
import static ingot.runtime.kernel.nativecode.VectorOp.VMOVUPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VMOVUPS_STORE;
import static ingot.runtime.kernel.nativecode.VectorOp.VMULPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VPBROADCASTD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPMOVSXBD;

import ingot.runtime.kernel.KvPage;
import ingot.runtime.kernel.nativecode.IntegerAssembler.Condition;
import ingot.runtime.kernel.nativecode.Operand.Address;
import ingot.runtime.kernel.nativecode.Operand.Zmm;

/** Keys and values of a page to f32. */
final class WidenCode {
    private static final Gpr FROM = BlockCall.P0;
    private static final int HALVES = KvPage.PANEL / Lanes.COUNT;
    private static final Zmm FACTOR = new Zmm(8);

    private WidenCode() {}

    /** {@code void halves(const short *from, float *out, void *, long at, long n)}: n is a multiple of 16. */
    static void emitHalves(Assembler a) {
        Gpr out = BlockCall.P1;
        Gpr n = BlockCall.I1;
        Zmm value = new Zmm(0);
        a.shl(BlockCall.I0, 1);
        a.add(FROM, BlockCall.I0);
        Label loop = new Label();
        a.bind(loop);
        a.op(VCVTPH2PS, value, new Address(FROM, 0));
        a.store(VMOVUPS_STORE, new Address(out, 0), value);
        a.add(FROM, Lanes.COUNT * Short.BYTES);
        a.add(out, Lanes.BYTES);
        a.sub(n, Lanes.COUNT);
        a.jnz(loop);
        BlockCall.end(a);
    }

    /**
     * {@code void columns(const byte *codes, const float *scales, float *out, long at, long scaleAt, long outAt, long n)}:
     * out[outAt + i] = codes[at + i] · scales[scaleAt + i % 32]; n is a multiple of 32.
     */
    static void emitColumns(Assembler a) {
        begin(a);
        for (int half = 0; half < HALVES; half++) {
            a.op(VMOVUPS, scale(half), new Address(BlockCall.P1, half * Lanes.BYTES));
        }
        Label loop = new Label();
        a.bind(loop);
        for (int half = 0; half < HALVES; half++) {
            row(a, half, scale(half));
        }
        next(a, loop);
    }

    /** The same with scales[scaleAt + i ÷ 32]. */
    static void emitRows(Assembler a) {
        begin(a);
        Label loop = new Label();
        a.bind(loop);
        a.op(VPBROADCASTD, FACTOR, new Address(BlockCall.P1, 0));
        for (int half = 0; half < HALVES; half++) {
            row(a, half, FACTOR);
        }
        a.add(BlockCall.P1, Float.BYTES);
        next(a, loop);
    }

    private static Zmm scale(int half) {
        return new Zmm(4 + half);
    }

    private static void begin(Assembler a) {
        a.add(FROM, BlockCall.I0);
        BlockCall.toFloat(a, BlockCall.P1, BlockCall.I1);
        BlockCall.toFloat(a, BlockCall.P2, BlockCall.I2);
        a.mov(Gpr.R10, BlockCall.I3);
    }

    private static void row(Assembler a, int half, Zmm scale) {
        Zmm value = new Zmm(half);
        a.op(VPMOVSXBD, value, new Address(FROM, half * Lanes.COUNT));
        a.op(VCVTDQ2PS, value, value);
        a.op(VMULPS, value, value, scale);
        a.store(VMOVUPS_STORE, new Address(BlockCall.P2, half * Lanes.BYTES), value);
    }

    private static void next(Assembler a, Label loop) {
        a.add(FROM, KvPage.PANEL);
        a.add(BlockCall.P2, KvPage.PANEL * Float.BYTES);
        a.sub(Gpr.R10, KvPage.PANEL);
        a.jump(Condition.NOT_ZERO, loop);
        BlockCall.end(a);
    }
}
