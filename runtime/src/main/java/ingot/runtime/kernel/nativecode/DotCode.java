package ingot.runtime.kernel.nativecode;

import static ingot.runtime.kernel.nativecode.VectorOp.VADDPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VFMADD231PS;
import static ingot.runtime.kernel.nativecode.VectorOp.VMOVUPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VPBROADCASTD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPXORD;

import ingot.runtime.kernel.nativecode.IntegerAssembler.Condition;
import ingot.runtime.kernel.nativecode.Operand.Address;
import ingot.runtime.kernel.nativecode.Operand.Broadcast;
import ingot.runtime.kernel.nativecode.Operand.Zmm;

/**
 * {@code float dot(const float *x, const float *y, void *, long xAt, long yAt, long n)}: Σ xᵢ·yᵢ. Twice
 * sixteen sums of fused multiply-adds, added up by halves; what is less than 32 numbers is added in its order.
 */
final class DotCode {
    private static final int STEP = 2 * Lanes.COUNT;
    private static final Zmm SECOND = new Zmm(14);
    private static final Zmm FACTOR = new Zmm(15);

    private DotCode() {}

    static void emit(Assembler a) {
        Zmm sum = new Zmm(0);
        BlockCall.toFloat(a, BlockCall.P0, BlockCall.I0);
        BlockCall.toFloat(a, BlockCall.P1, BlockCall.I1);
        sum(a, BlockCall.P0, BlockCall.P1, BlockCall.I2, sum);
        BlockCall.endWith(a, sum);
    }

    /** Every lane of sum = Σ xᵢ·yᵢ for i &lt; n; overwrites x and y, which are two registers, n and zmm14, zmm15. */
    static void sum(Assembler a, Gpr x, Gpr y, Gpr n, Zmm sum) {
        Label loop = new Label();
        Label lanes = new Label();
        Label one = new Label();
        Label end = new Label();
        a.op(VPXORD, sum, sum, sum);
        a.op(VPXORD, SECOND, SECOND, SECOND);
        a.sub(n, STEP);
        a.jump(Condition.BELOW, lanes);
        a.align(Lanes.COUNT);
        a.bind(loop);
        a.op(VMOVUPS, FACTOR, new Address(x, 0));
        a.op(VFMADD231PS, sum, FACTOR, new Address(y, 0));
        a.op(VMOVUPS, FACTOR, new Address(x, Lanes.BYTES));
        a.op(VFMADD231PS, SECOND, FACTOR, new Address(y, Lanes.BYTES));
        a.add(x, 2 * Lanes.BYTES);
        a.add(y, 2 * Lanes.BYTES);
        a.sub(n, STEP);
        a.jump(Condition.NOT_BELOW, loop);
        a.bind(lanes);
        a.op(VADDPS, sum, sum, SECOND);
        Lanes.reduce(a, VADDPS, sum, FACTOR);
        a.add(n, STEP);
        a.jump(Condition.ZERO, end);
        a.bind(one);
        a.op(VPBROADCASTD, FACTOR, new Address(x, 0));
        a.op(VFMADD231PS, sum, FACTOR, new Broadcast(y, 0));
        a.add(x, Float.BYTES);
        a.add(y, Float.BYTES);
        a.dec(n);
        a.jnz(one);
        a.bind(end);
    }
}
