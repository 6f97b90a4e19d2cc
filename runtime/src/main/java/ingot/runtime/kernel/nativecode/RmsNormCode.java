package ingot.runtime.kernel.nativecode;

import static ingot.runtime.kernel.nativecode.VectorOp.VADDPD;
import static ingot.runtime.kernel.nativecode.VectorOp.VCVTPD2PS;
import static ingot.runtime.kernel.nativecode.VectorOp.VCVTPS2PD;
import static ingot.runtime.kernel.nativecode.VectorOp.VDIVPD;
import static ingot.runtime.kernel.nativecode.VectorOp.VMULPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VPBROADCASTQ_GPR;
import static ingot.runtime.kernel.nativecode.VectorOp.VSHUFI32X4;
import static ingot.runtime.kernel.nativecode.VectorOp.VSQRTPD;

import ingot.runtime.kernel.nativecode.Operand.Address;
import ingot.runtime.kernel.nativecode.Operand.Zmm;
import java.util.List;

/**
 * {@code void rmsNorm(const float *x, const float *weight, float *out, long xAt, long outAt, long n, long eps, long count)}:
 * out = x·(1/√(Σ x²/n + eps))·weight; eps and count, n again, are the bits of doubles. The sum is {@link DotCode}'s, the factor
 * is found in double and rounded once.
 */
final class RmsNormCode {
    private static final Gpr X = BlockCall.P0;
    private static final Gpr WEIGHT = BlockCall.P1;
    private static final Gpr OUT = BlockCall.P2;
    private static final Gpr N = BlockCall.I2;
    private static final Zmm SCALE = new Zmm(0);
    private static final Zmm DOUBLE = new Zmm(1);
    private static final Zmm VALUE = new Zmm(2);
    private static final Zmm FACTOR = new Zmm(3);

    /** Of 128-bit lanes: the lower half twice. */
    private static final int LOWER_TWICE = 0x44;

    private RmsNormCode() {}

    static void emit(Assembler a) {
        BlockCall.toFloat(a, X, BlockCall.I0);
        BlockCall.toFloat(a, OUT, BlockCall.I1);
        a.mov(Gpr.R10, X);
        a.mov(Gpr.R11, X);
        a.mov(BlockCall.I0, N);
        DotCode.sum(a, Gpr.R10, Gpr.R11, BlockCall.I0, SCALE);
        factor(a);
        Lanes.forEach(a, N, List.of(X, WEIGHT, OUT), lanes -> {
            lanes.load(a, VALUE, new Address(X, 0));
            lanes.load(a, FACTOR, new Address(WEIGHT, 0));
            a.op(VMULPS, VALUE, VALUE, SCALE);
            a.op(VMULPS, VALUE, VALUE, FACTOR);
            lanes.store(a, new Address(OUT, 0), VALUE);
        });
        BlockCall.end(a);
    }

    /** SCALE = 1/√(SCALE/n + eps) in every lane. */
    private static void factor(Assembler a) {
        a.op(VCVTPS2PD, DOUBLE, SCALE);
        a.mov(Gpr.RAX, BlockCall.I4);
        a.broadcast(VPBROADCASTQ_GPR, VALUE, Gpr.RAX);
        a.op(VDIVPD, DOUBLE, DOUBLE, VALUE);
        a.mov(Gpr.RAX, BlockCall.I3);
        a.broadcast(VPBROADCASTQ_GPR, VALUE, Gpr.RAX);
        a.op(VADDPD, DOUBLE, DOUBLE, VALUE);
        a.op(VSQRTPD, DOUBLE, DOUBLE);
        a.everywhere(VALUE, Double.doubleToRawLongBits(1));
        a.op(VDIVPD, DOUBLE, VALUE, DOUBLE);
        a.op(VCVTPD2PS, SCALE, DOUBLE);
        a.op(VSHUFI32X4, SCALE, SCALE, SCALE, LOWER_TWICE);
    }
}
