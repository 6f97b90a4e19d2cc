package ingot.runtime.kernel.nativecode;

import static ingot.runtime.kernel.nativecode.VectorOp.VADDPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VDIVPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VMULPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VPXORD;

import ingot.runtime.kernel.nativecode.Operand.Address;
import ingot.runtime.kernel.nativecode.Operand.Zmm;
import java.util.List;

/**
 * {@code void gated(float *p, float *q, void *, long pAt, long qAt, long n)}: products with the logistic function, in place of
 * one of the two.
 */
final class GatedCode {
    private static final Gpr P = BlockCall.P0;
    private static final Gpr Q = BlockCall.P1;
    private static final Gpr N = BlockCall.I2;
    private static final Zmm GATE = new Zmm(0);
    private static final Zmm OTHER = new Zmm(1);
    private static final Zmm BELOW = new Zmm(2);
    private static final Zmm SIGN = new Zmm(3);

    private GatedCode() {}

    /** p = p/(1 + e^−p)·q. */
    static void emitSilu(Assembler a) {
        begin(a);
        Lanes.forEach(a, N, List.of(P, Q), lanes -> {
            lanes.load(a, GATE, new Address(P, 0));
            lanes.load(a, OTHER, new Address(Q, 0));
            divisor(a);
            a.op(VDIVPS, GATE, GATE, BELOW);
            a.op(VMULPS, GATE, GATE, OTHER);
            lanes.store(a, new Address(P, 0), GATE);
        });
        BlockCall.end(a);
    }

    /** q = q/(1 + e^−p); both may be the same. */
    static void emitSigmoid(Assembler a) {
        begin(a);
        Lanes.forEach(a, N, List.of(P, Q), lanes -> {
            lanes.load(a, GATE, new Address(P, 0));
            lanes.load(a, OTHER, new Address(Q, 0));
            divisor(a);
            a.op(VDIVPS, OTHER, OTHER, BELOW);
            lanes.store(a, new Address(Q, 0), OTHER);
        });
        BlockCall.end(a);
    }

    private static void begin(Assembler a) {
        BlockCall.toFloat(a, P, BlockCall.I0);
        BlockCall.toFloat(a, Q, BlockCall.I1);
        ExpCode.constants(a);
        a.everywhere(SIGN, Integer.MIN_VALUE);
    }

    /** 1 + e^−gate. */
    private static void divisor(Assembler a) {
        a.op(VPXORD, BELOW, GATE, SIGN);
        ExpCode.emit(a, BELOW);
        a.op(VADDPS, BELOW, BELOW, ExpCode.ONE);
    }
}
