package ingot.runtime.kernel.nativecode;

import static ingot.runtime.kernel.nativecode.VectorOp.VADDPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VMAXPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VMINPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VMOVUPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VMOVUPS_STORE;
import static ingot.runtime.kernel.nativecode.VectorOp.VMULPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VPBROADCASTD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPXORD;
import static ingot.runtime.kernel.nativecode.VectorOp.VRNDSCALEPS;

import ingot.runtime.kernel.ScaleCandidates;
import ingot.runtime.kernel.nativecode.Operand.Address;
import ingot.runtime.kernel.nativecode.Operand.Zmm;

/**
 * {@code void sums(const float *x, const float *h, float *table, long n)}: {@link ScaleCandidates#sums}, sixteen scales in a
 * register.
 */
final class CandidateCode {
    private static final Gpr X = Gpr.RDI;
    private static final Gpr H = Gpr.RSI;
    private static final Gpr TABLE = Gpr.RDX;
    private static final Gpr N = Gpr.RCX;
    private static final int LANES = 16;
    private static final int REGISTERS = ScaleCandidates.COUNT / LANES;

    /** To the next integer below, no exception. */
    private static final int FLOOR = 9;

    private static final Zmm LOW = new Zmm(31);
    private static final Zmm HIGH = new Zmm(30);
    private static final Zmm HALF = new Zmm(29);
    private static final Zmm WEIGHT = new Zmm(28);
    private static final Zmm IMPORTANCE = new Zmm(27);
    private static final Zmm PRODUCT = new Zmm(26);

    private CandidateCode() {}

    static void emit(Assembler a) {
        a.op(VPBROADCASTD, LOW, at(ScaleCandidates.LOW));
        a.op(VPBROADCASTD, HIGH, at(ScaleCandidates.HIGH));
        a.fill(HALF, 0.5f);
        for (int i = 0; i < REGISTERS; i++) {
            a.op(VMOVUPS, inverse(i), at(ScaleCandidates.INVERSE + LANES * i));
            a.op(VPXORD, products(i), products(i), products(i));
            a.op(VPXORD, squares(i), squares(i), squares(i));
        }
        Label weight = new Label();
        a.bind(weight);
        a.op(VPBROADCASTD, WEIGHT, new Address(X, 0));
        a.op(VPBROADCASTD, IMPORTANCE, new Address(H, 0));
        a.op(VMULPS, PRODUCT, IMPORTANCE, WEIGHT);
        for (int i = 0; i < REGISTERS; i++) {
            Zmm v = new Zmm(3 * REGISTERS + 2 * i);
            Zmm t = new Zmm(3 * REGISTERS + 2 * i + 1);
            a.op(VMULPS, v, WEIGHT, inverse(i));
            a.op(VADDPS, v, v, HALF);
            a.op(VRNDSCALEPS, v, v, FLOOR);
            a.op(VMAXPS, v, v, LOW);
            a.op(VMINPS, v, v, HIGH);
            a.op(VMULPS, t, PRODUCT, v);
            a.op(VADDPS, products(i), products(i), t);
            a.op(VMULPS, t, IMPORTANCE, v);
            a.op(VMULPS, t, t, v);
            a.op(VADDPS, squares(i), squares(i), t);
        }
        a.add(X, Float.BYTES);
        a.add(H, Float.BYTES);
        a.dec(N);
        a.jnz(weight);
        for (int i = 0; i < REGISTERS; i++) {
            a.store(VMOVUPS_STORE, at(ScaleCandidates.PRODUCTS + LANES * i), products(i));
            a.store(VMOVUPS_STORE, at(ScaleCandidates.SQUARES + LANES * i), squares(i));
        }
        a.vzeroupper();
        a.ret();
    }

    private static Address at(int place) {
        return new Address(TABLE, Float.BYTES * place);
    }

    private static Zmm inverse(int i) {
        return new Zmm(i);
    }

    private static Zmm products(int i) {
        return new Zmm(REGISTERS + i);
    }

    private static Zmm squares(int i) {
        return new Zmm(2 * REGISTERS + i);
    }
}
