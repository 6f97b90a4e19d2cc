package ingot.runtime.kernel.nativecode;

import static ingot.runtime.kernel.nativecode.VectorOp.VADDPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VMULPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VSUBPS;

import ingot.runtime.kernel.nativecode.Operand.Address;
import ingot.runtime.kernel.nativecode.Operand.Zmm;
import java.util.List;

/**
 * {@code void rotate(float *x, const float *cos, const float *sin, long at, long half, long tableAt)}: pairs (xᵢ, xᵢ₊ₕ) become
 * (xᵢ·cos − xᵢ₊ₕ·sin, xᵢ₊ₕ·cos + xᵢ·sin), every product and sum rounded.
 */
final class RotateCode {
    private static final Gpr FIRST = BlockCall.P0;
    private static final Gpr COS = BlockCall.P1;
    private static final Gpr SIN = BlockCall.P2;
    private static final Gpr HALF = BlockCall.I1;
    private static final Gpr SECOND = Gpr.R10;
    private static final Zmm X1 = new Zmm(0);
    private static final Zmm X2 = new Zmm(1);
    private static final Zmm C = new Zmm(2);
    private static final Zmm S = new Zmm(3);
    private static final Zmm OUT = new Zmm(4);
    private static final Zmm T = new Zmm(5);

    private RotateCode() {}

    static void emit(Assembler a) {
        BlockCall.toFloat(a, FIRST, BlockCall.I0);
        a.mov(SECOND, HALF);
        a.shl(SECOND, 2);
        a.add(SECOND, FIRST);
        a.shl(BlockCall.I2, 2);
        a.add(COS, BlockCall.I2);
        a.add(SIN, BlockCall.I2);
        Lanes.forEach(a, HALF, List.of(FIRST, SECOND, COS, SIN), lanes -> {
            lanes.load(a, X1, new Address(FIRST, 0));
            lanes.load(a, X2, new Address(SECOND, 0));
            lanes.load(a, C, new Address(COS, 0));
            lanes.load(a, S, new Address(SIN, 0));
            a.op(VMULPS, OUT, X1, C);
            a.op(VMULPS, T, X2, S);
            a.op(VSUBPS, OUT, OUT, T);
            lanes.store(a, new Address(FIRST, 0), OUT);
            a.op(VMULPS, OUT, X2, C);
            a.op(VMULPS, T, X1, S);
            a.op(VADDPS, OUT, OUT, T);
            lanes.store(a, new Address(SECOND, 0), OUT);
        });
        BlockCall.end(a);
    }
}
