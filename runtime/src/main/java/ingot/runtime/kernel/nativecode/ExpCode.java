package ingot.runtime.kernel.nativecode;

import static ingot.runtime.kernel.nativecode.VectorOp.VADDPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VCMPPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VMAXPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VMINPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VMOVUPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VMULPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VPADDD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPSLLD;
import static ingot.runtime.kernel.nativecode.VectorOp.VSUBPS;

import ingot.runtime.kernel.Exponential;
import ingot.runtime.kernel.nativecode.Operand.Zmm;

/**
 * {@link Exponential} as part of other functions: the same operations in the same order, so the same bits. Its constants lie
 * in zmm17 to zmm31, what it calculates with in zmm12 to zmm15.
 */
final class ExpCode {
    /** 1, also as the exponent bits of 2⁰. */
    static final Zmm ONE = new Zmm(31);

    private static final Zmm LOWEST = new Zmm(30);
    private static final Zmm HIGHEST = new Zmm(29);
    private static final Zmm LOG2_E = new Zmm(28);
    private static final Zmm ROUND = new Zmm(27);
    private static final Zmm MINUS_LN2_HIGH = new Zmm(26);
    private static final Zmm MINUS_LN2_LOW = new Zmm(25);
    private static final int LAST_COEFFICIENT = 24;

    private static final Zmm N = new Zmm(15);
    private static final Zmm POWER = new Zmm(14);
    private static final Zmm P = new Zmm(13);
    private static final Zmm T = new Zmm(12);

    private static final Mask NOT_TOO_LOW = new Mask(2);

    /** Not less than, true for what is no number. */
    private static final int NOT_LESS = 5;

    private ExpCode() {}

    /** Loads the constants; overwrites rax. */
    static void constants(Assembler a) {
        a.fill(ONE, 1);
        a.fill(LOWEST, Exponential.LOWEST);
        a.fill(HIGHEST, Exponential.HIGHEST);
        a.fill(LOG2_E, Exponential.LOG2_E);
        a.fill(ROUND, Exponential.ROUND);
        a.fill(MINUS_LN2_HIGH, -Exponential.LN2_HIGH);
        a.fill(MINUS_LN2_LOW, -Exponential.LN2_LOW);
        for (int i = 0; i < Exponential.COEFFICIENTS; i++) {
            a.fill(coefficient(i), Exponential.coefficient(i));
        }
    }

    private static Zmm coefficient(int i) {
        return new Zmm(LAST_COEFFICIENT - i);
    }

    /** x = e^x. */
    static void emit(Assembler a, Zmm x) {
        a.compare(VCMPPS, NOT_TOO_LOW, x, LOWEST, NOT_LESS);
        // The second source is what stays when it is no number.
        a.op(VMAXPS, x, LOWEST, x);
        a.op(VMINPS, x, HIGHEST, x);
        a.op(VMULPS, N, x, LOG2_E);
        a.op(VADDPS, N, N, ROUND);
        a.op(VPSLLD, POWER, N, 23);
        a.op(VPADDD, POWER, POWER, ONE);
        a.op(VSUBPS, N, N, ROUND);
        a.op(VMULPS, T, N, MINUS_LN2_HIGH);
        a.op(VADDPS, x, T, x);
        a.op(VMULPS, T, N, MINUS_LN2_LOW);
        a.op(VADDPS, x, T, x);
        a.op(VMULPS, P, x, coefficient(0));
        a.op(VADDPS, P, P, coefficient(1));
        for (int i = 2; i < Exponential.COEFFICIENTS; i++) {
            a.op(VMULPS, P, P, x);
            a.op(VADDPS, P, P, coefficient(i));
        }
        a.op(VMULPS, T, x, x);
        a.op(VMULPS, P, P, T);
        a.op(VADDPS, P, P, x);
        a.op(VADDPS, P, P, ONE);
        a.op(VMULPS, P, P, POWER);
        a.zeroing(VMOVUPS, x, NOT_TOO_LOW, P);
    }
}
