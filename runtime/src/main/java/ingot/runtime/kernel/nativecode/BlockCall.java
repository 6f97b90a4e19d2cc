package ingot.runtime.kernel.nativecode;

import ingot.runtime.kernel.nativecode.Operand.Address;
import ingot.runtime.kernel.nativecode.Operand.Zmm;

/** Where a function that takes three pointers and five integers finds them (System V ABI, section 3.2.3). */
final class BlockCall {
    static final Gpr P0 = Gpr.RDI;
    static final Gpr P1 = Gpr.RSI;
    static final Gpr P2 = Gpr.RDX;
    static final Gpr I0 = Gpr.RCX;
    static final Gpr I1 = Gpr.R8;
    static final Gpr I2 = Gpr.R9;

    /** Before anything is pushed. */
    static final Address I3 = new Address(Gpr.RSP, 8);

    static final Address I4 = new Address(Gpr.RSP, 16);

    private BlockCall() {}

    /** place += index floats; overwrites the index. */
    static void toFloat(Assembler a, Gpr place, Gpr index) {
        a.shl(index, 2);
        a.add(place, index);
    }

    /** Two 31-bit numbers as one integer: arguments are few. */
    static long pair(int low, int high) {
        return (long) high << Integer.SIZE | low;
    }

    /** The place moves on by the lower number of the pair, in floats; the upper stays. Overwrites rax. */
    static void toFloatOfPair(Assembler a, Gpr place, Gpr pair) {
        a.low32(Gpr.RAX, pair);
        a.shr(pair, Integer.SIZE);
        toFloat(a, place, Gpr.RAX);
    }

    /** Returns with the vector's first float as the lower half of an integer, through the 128 bytes below the stack. */
    static void endWith(Assembler a, Zmm v) {
        a.store(VectorOp.VMOVUPS_STORE, new Address(Gpr.RSP, -Lanes.BYTES), v);
        a.mov(Gpr.RAX, new Address(Gpr.RSP, -Lanes.BYTES));
        end(a);
    }

    static void end(Assembler a) {
        a.vzeroupper();
        a.ret();
    }
}
