package ingot.runtime.kernel.nativecode;

import static ingot.runtime.kernel.nativecode.VectorOp.VADDPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VFMADD231PS;
import static ingot.runtime.kernel.nativecode.VectorOp.VPBROADCASTD_GPR;

import ingot.runtime.kernel.nativecode.Operand.Address;
import ingot.runtime.kernel.nativecode.Operand.Zmm;
import java.util.List;

/** {@code void add(const float *x, float *y, void *, long xAt, long yAt, long n)}: y += x. */
final class AddCode {
    private static final Gpr X = BlockCall.P0;
    private static final Gpr Y = BlockCall.P1;
    private static final Gpr N = BlockCall.I2;
    private static final Zmm TERM = new Zmm(0);
    private static final Zmm SUM = new Zmm(1);
    private static final Zmm SCALE = new Zmm(2);

    private AddCode() {}

    static void emit(Assembler a) {
        begin(a);
        loop(a, () -> a.op(VADDPS, SUM, SUM, TERM));
    }

    /** The same with {@code long scale}, the bits of a float: y += scale·x, rounded once. */
    static void emitScaled(Assembler a) {
        begin(a);
        a.mov(Gpr.RAX, BlockCall.I3);
        a.broadcast(VPBROADCASTD_GPR, SCALE, Gpr.RAX);
        loop(a, () -> a.op(VFMADD231PS, SUM, TERM, SCALE));
    }

    private static void begin(Assembler a) {
        BlockCall.toFloat(a, X, BlockCall.I0);
        BlockCall.toFloat(a, Y, BlockCall.I1);
    }

    private static void loop(Assembler a, Runnable add) {
        Lanes.forEach(a, N, List.of(X, Y), lanes -> {
            lanes.load(a, TERM, new Address(X, 0));
            lanes.load(a, SUM, new Address(Y, 0));
            add.run();
            lanes.store(a, new Address(Y, 0), SUM);
        });
        BlockCall.end(a);
    }
}
