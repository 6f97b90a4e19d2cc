package ingot.runtime.kernel.nativecode;

import static ingot.runtime.kernel.nativecode.VectorOp.VADDPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VDIVPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VMAXPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VMOVUPS_STORE;
import static ingot.runtime.kernel.nativecode.VectorOp.VMULPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VPXORD;
import static ingot.runtime.kernel.nativecode.VectorOp.VSUBPS;

import ingot.runtime.kernel.nativecode.Operand.Address;
import ingot.runtime.kernel.nativecode.Operand.Zmm;
import java.util.List;

/**
 * {@code float softmax(float *x, float *sums, void *, long at, long n)}: exponentials of what the numbers lack to the
 * largest, and their sum as sixteen sums, of every sixteenth number each. Where a number is none, no exponential is one: the largest
 * may be lost then, but what takes it from that number is none either.
 */
final class SoftmaxCode {
    private static final Gpr X = BlockCall.P0;
    private static final Gpr SUMS = BlockCall.P1;
    private static final Gpr N = BlockCall.I1;
    private static final Gpr FIRST = Gpr.R10;
    private static final Gpr COUNT = Gpr.R11;
    private static final Zmm TOP = new Zmm(0);
    private static final Zmm SUM = new Zmm(1);
    private static final Zmm VALUE = new Zmm(2);
    private static final Zmm T = new Zmm(3);

    private SoftmaxCode() {}

    /** x = e^(x − max x) ÷ Σ e^(x − max x). */
    static void emit(Assembler a) {
        exponentials(a);
        Lanes.reduce(a, VADDPS, SUM, T);
        a.op(VDIVPS, SUM, ExpCode.ONE, SUM);
        a.mov(X, FIRST);
        a.mov(N, COUNT);
        Lanes.forEach(a, N, List.of(X), lanes -> {
            lanes.load(a, VALUE, new Address(X, 0));
            a.op(VMULPS, VALUE, VALUE, SUM);
            lanes.store(a, new Address(X, 0), VALUE);
        });
        BlockCall.end(a);
    }

    /** x = e^(x − max x); returns the largest. */
    static void emitWeights(Assembler a) {
        exponentials(a);
        a.store(VMOVUPS_STORE, new Address(SUMS, 0), SUM);
        BlockCall.endWith(a, TOP);
    }

    private static void exponentials(Assembler a) {
        BlockCall.toFloat(a, X, BlockCall.I0);
        a.mov(FIRST, X);
        a.mov(COUNT, N);
        ExpCode.constants(a);
        a.fill(TOP, Float.NEGATIVE_INFINITY);
        a.fill(VALUE, Float.NEGATIVE_INFINITY);
        Lanes.forEach(a, N, List.of(X), lanes -> {
            // Lanes that are not there keep what counted before.
            lanes.replace(a, VALUE, new Address(X, 0));
            a.op(VMAXPS, TOP, TOP, VALUE);
        });
        Lanes.reduce(a, VMAXPS, TOP, T);
        a.op(VPXORD, SUM, SUM, SUM);
        a.mov(X, FIRST);
        a.mov(N, COUNT);
        Lanes.forEach(a, N, List.of(X), lanes -> {
            lanes.load(a, VALUE, new Address(X, 0));
            a.op(VSUBPS, VALUE, VALUE, TOP);
            ExpCode.emit(a, VALUE);
            lanes.store(a, new Address(X, 0), VALUE);
            lanes.clearOthers(a, VALUE);
            a.op(VADDPS, SUM, SUM, VALUE);
        });
    }
}
