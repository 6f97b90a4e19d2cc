package ingot.runtime.kernel.nativecode;

import static ingot.runtime.kernel.nativecode.VectorOp.VADDSD;
import static ingot.runtime.kernel.nativecode.VectorOp.VCVTPS2PD;
import static ingot.runtime.kernel.nativecode.VectorOp.VMAXPD;
import static ingot.runtime.kernel.nativecode.VectorOp.VMOVUPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VMOVUPS_STORE;
import static ingot.runtime.kernel.nativecode.VectorOp.VMULPD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPANDD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPBROADCASTQ;
import static ingot.runtime.kernel.nativecode.VectorOp.VPSHUFD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPXORD;
import static ingot.runtime.kernel.nativecode.VectorOp.VSHUFI32X4;
import static ingot.runtime.kernel.nativecode.VectorOp.VSUBPD;

import ingot.runtime.kernel.nativecode.Operand.Address;
import ingot.runtime.kernel.nativecode.Operand.Zmm;

/**
 * The part of {@link RoundCode} that sums errors ({@link ingot.runtime.kernel.PairSums}), weight after weight: {@link #terms}
 * computes what is summed of eight weights and leaves it in memory, {@link #sum} adds it.
 *
 * @param a with {@link RoundCode#CALL} pointing to a {@link RoundCall}
 */
record ErrorSumCode(Assembler a) {
    private static final Zmm SHIFT = new Zmm(22);
    private static final Zmm MAGNITUDE = new Zmm(21);
    private static final Zmm SQUARES = new Zmm(16);
    private static final Zmm SHIFTED = new Zmm(15);
    private static final Zmm SHIFTED_SQUARES = new Zmm(14);
    private static final Zmm LARGEST = new Zmm(13);
    private static final Zmm ERROR = new Zmm(3);
    private static final Zmm WEIGHT = new Zmm(4);

    private static final int EIGHT = 8 * Double.BYTES;

    private static Address at(int place) {
        return new Address(RoundCode.CALL, place);
    }

    /** Overwrites rax. */
    void constants() {
        a.everywhere(MAGNITUDE, Long.MAX_VALUE);
        a.op(VPBROADCASTQ, SHIFT, at(RoundCall.SHIFT));
        a.op(VMOVUPS, SQUARES, at(RoundCall.SQUARES));
        a.op(VMOVUPS, SHIFTED, at(RoundCall.SHIFTED));
        a.op(VMOVUPS, SHIFTED_SQUARES, at(RoundCall.SHIFTED_SQUARES));
        a.op(VPBROADCASTQ, LARGEST, at(RoundCall.LARGEST_ERROR));
        // No unit comes before the first one: adding 0 changes no sum.
        a.op(VPXORD, ERROR, ERROR, ERROR);
        for (int i = 0; i < 3 * RoundCall.TERM_BYTES; i += EIGHT) {
            a.store(VMOVUPS_STORE, at(RoundCall.TERMS + i), ERROR);
        }
    }

    /** Adds the last terms, and leaves the sums in memory. Overwrites {@code t}. */
    void results(Zmm t) {
        for (int eighth = 0; eighth < RoundCall.UNIT / 8; eighth++) {
            sum(eighth);
        }
        a.store(VMOVUPS_STORE, at(RoundCall.SQUARES), SQUARES);
        a.store(VMOVUPS_STORE, at(RoundCall.SHIFTED), SHIFTED);
        a.store(VMOVUPS_STORE, at(RoundCall.SHIFTED_SQUARES), SHIFTED_SQUARES);
        for (int selection : RoundCode.LANE_ORDERS) {
            a.op(VSHUFI32X4, t, LARGEST, LARGEST, selection);
            a.op(VMAXPD, LARGEST, LARGEST, t);
        }
        a.op(VPSHUFD, t, LARGEST, RoundCode.LANE_ORDERS[0]);
        a.op(VMAXPD, LARGEST, LARGEST, t);
        a.store(VMOVUPS_STORE, at(RoundCall.LARGEST_ERROR), LARGEST);
    }

    /** What is summed of eight weights, those in the low halves of the registers. Overwrites {@code t}. */
    void terms(int eighth, Zmm stored, Zmm weights, Zmm t) {
        int place = RoundCall.TERMS + EIGHT * eighth;
        a.op(VCVTPS2PD, ERROR, stored);
        a.op(VCVTPS2PD, WEIGHT, weights);
        a.op(VSUBPD, ERROR, ERROR, WEIGHT);
        a.op(VPANDD, t, ERROR, MAGNITUDE);
        a.op(VMAXPD, LARGEST, LARGEST, t);
        a.op(VMULPD, ERROR, ERROR, ERROR);
        a.store(VMOVUPS_STORE, at(place), ERROR);
        a.op(VSUBPD, WEIGHT, WEIGHT, SHIFT);
        a.store(VMOVUPS_STORE, at(place + RoundCall.TERM_BYTES), WEIGHT);
        a.op(VMULPD, WEIGHT, WEIGHT, WEIGHT);
        a.store(VMOVUPS_STORE, at(place + 2 * RoundCall.TERM_BYTES), WEIGHT);
    }

    /** Adds the terms of eight weights, one after the other. */
    void sum(int eighth) {
        for (int i = 0; i < EIGHT; i += Double.BYTES) {
            int place = RoundCall.TERMS + EIGHT * eighth + i;
            a.op(VADDSD, SQUARES, SQUARES, at(place));
            a.op(VADDSD, SHIFTED, SHIFTED, at(place + RoundCall.TERM_BYTES));
            a.op(VADDSD, SHIFTED_SQUARES, SHIFTED_SQUARES, at(place + 2 * RoundCall.TERM_BYTES));
        }
    }
}
