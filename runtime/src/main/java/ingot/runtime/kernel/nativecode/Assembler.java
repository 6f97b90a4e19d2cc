package ingot.runtime.kernel.nativecode;

import ingot.runtime.kernel.nativecode.Operand.Address;
import ingot.runtime.kernel.nativecode.Operand.Broadcast;
import ingot.runtime.kernel.nativecode.Operand.Zmm;

/** Vector instructions of one {@link Encoding} (Intel SDM volume 2, sections 2.3 and 2.7) beside the integer ones. */
final class Assembler extends IntegerAssembler {
    private static final int NO_REGISTER = 0;
    private static final int BROADCAST = 1 << 4;
    private static final int ZEROING = 1 << 7;

    private final Encoding encoding;

    Assembler() {
        this(Encoding.EVEX_512);
    }

    Assembler(Encoding encoding) {
        this.encoding = encoding;
    }

    /** {@code op dst, a, b}. */
    void op(VectorOp op, Zmm dst, Zmm a, Operand b) {
        vector(op, dst.number(), a.number(), b);
    }

    /** {@code op dst, b}. */
    void op(VectorOp op, Zmm dst, Operand b) {
        vector(op, dst.number(), NO_REGISTER, b);
    }

    /** {@code op dst, a, b, imm}. */
    void op(VectorOp op, Zmm dst, Zmm a, Operand b, int imm) {
        vector(op, dst.number(), a.number(), b);
        put(imm);
    }

    /** {@code op dst, b, imm}: a shift has its destination where others have their first source. */
    void op(VectorOp op, Zmm dst, Operand b, int imm) {
        if (op.digit() == VectorOp.NO_DIGIT) {
            vector(op, dst.number(), NO_REGISTER, b);
        } else {
            vector(op, op.digit(), dst.number(), b);
        }
        put(imm);
    }

    /** {@code op [to], src}. */
    void store(VectorOp op, Address to, Zmm src) {
        vector(op, src.number(), NO_REGISTER, to);
    }

    /** {@code op [to], src, imm}. */
    void store(VectorOp op, Address to, Zmm src, int imm) {
        store(op, to, src);
        put(imm);
    }

    /** Every 32-bit lane = the number; overwrites rax. */
    void everywhere(Zmm dst, int value) {
        mov(Gpr.RAX, value);
        if (encoding == Encoding.EVEX_512) {
            broadcast(VectorOp.VPBROADCASTD_GPR, dst, Gpr.RAX);
        } else {
            throughMemory(VectorOp.VPBROADCASTD, dst);
        }
    }

    /** Every 32-bit lane = the float; overwrites rax. */
    void fill(Zmm dst, float value) {
        everywhere(dst, Float.floatToRawIntBits(value));
    }

    /** Every 64-bit lane = the number; overwrites rax. */
    void everywhere(Zmm dst, long value) {
        mov(Gpr.RAX, value);
        if (encoding == Encoding.EVEX_512) {
            broadcast(VectorOp.VPBROADCASTQ_GPR, dst, Gpr.RAX);
        } else {
            throughMemory(VectorOp.VPBROADCASTQ, dst);
        }
    }

    private void throughMemory(VectorOp broadcast, Zmm dst) {
        push(Gpr.RAX);
        op(broadcast, dst, new Address(Gpr.RSP, 0));
        pop(Gpr.RAX);
    }

    /** Every 32-bit or 64-bit lane = the register's low part; EVEX only. */
    void broadcast(VectorOp op, Zmm dst, Gpr src) {
        evexPrefix(op, dst.number(), NO_REGISTER, src.number(), 0);
        put(op.opcode());
        put(0xC0 | (dst.number() & 7) << 3 | src.number() & 7);
    }

    /** {@code op dst{k}{z}, b}: lanes that the mask lacks are 0, and what they would read is not touched. EVEX only. */
    void zeroing(VectorOp op, Zmm dst, Mask k, Operand b) {
        evex(op, dst.number(), NO_REGISTER, b, ZEROING | k.number());
    }

    /** {@code op dst{k}, b}: lanes that the mask lacks stay. EVEX only. */
    void merging(VectorOp op, Zmm dst, Mask k, Operand b) {
        evex(op, dst.number(), NO_REGISTER, b, k.number());
    }

    /** {@code op [to]{k}, src}: memory of lanes that the mask lacks is not touched. EVEX only. */
    void store(VectorOp op, Address to, Mask k, Zmm src) {
        evex(op, src.number(), NO_REGISTER, to, k.number());
    }

    /** {@code op k, a, b, predicate}: which lanes stand in that relation (Intel SDM, table of VCMPPS). EVEX only. */
    void compare(VectorOp op, Mask dst, Zmm a, Operand b, int predicate) {
        evex(op, dst.number(), a.number(), b, 0);
        put(predicate);
    }

    /** {@code kmovw k, eax}. */
    void maskFromRax(Mask dst) {
        put(0xC5);
        put(0xF8);
        put(0x92);
        put(0xC0 | dst.number() << 3);
    }

    private void vector(VectorOp op, int reg, int second, Operand rm) {
        switch (encoding) {
            case EVEX_512 -> evex(op, reg, second, rm, 0);
            case VEX_256 -> vex(op, reg, second, rm);
        }
    }

    /**
     * {@code C5 | ~R ~vvvv L pp}, or {@code C4 | ~R ~X ~B map | W ~vvvv L pp} where the short form says too little: bit 3 of
     * the register in ModRM.reg is in R, of the one in ModRM.rm in B. L = 1: 256 bits.
     */
    private void vex(VectorOp op, int reg, int second, Operand operand) {
        if (operand instanceof Address && op.digit() != VectorOp.NO_DIGIT) {
            throw new IllegalArgumentException("VEX shifts registers only");
        }
        int rm = switch (operand) {
            case Zmm(int number) -> number;
            case Address(Gpr base, int disp) -> base.number();
            case Broadcast b -> throw new IllegalArgumentException("VEX broadcasts nothing");
        };
        int last = (~second & 15) << 3 | 4 | op.prefix();
        int r = (~reg >> 3 & 1) << 7;
        if (rm < 8 && op.map() == 1) {
            put(0xC5);
            put(r | last);
        } else {
            put(0xC4);
            put(r | 1 << 6 | (~rm >> 3 & 1) << 5 | op.map());
            put(last);
        }
        put(op.opcode());
        if (operand instanceof Address(Gpr base, int disp)) {
            memory(reg, base, disp, 1);
        } else {
            put(0xC0 | (reg & 7) << 3 | rm & 7);
        }
    }

    private void evex(VectorOp op, int reg, int second, Operand rm, int masking) {
        switch (rm) {
            case Zmm(int number) -> {
                evexPrefix(op, reg, second, number, masking);
                put(op.opcode());
                put(0xC0 | (reg & 7) << 3 | number & 7);
            }
            case Address(Gpr base, int disp) -> {
                evexPrefix(op, reg, second, base.number(), masking);
                put(op.opcode());
                memory(reg, base, disp, op.memoryBytes());
            }
            case Broadcast(Gpr base, int disp) -> {
                evexPrefix(op, reg, second, base.number(), masking | BROADCAST);
                put(op.opcode());
                memory(reg, base, disp, Integer.BYTES);
            }
        }
    }

    /**
     * {@code 62 | ~R ~X ~B ~R' 0 map | W ~vvvv 1 pp | z L'L b ~V' aaa}: bits 3 and 4 of the register in ModRM.reg are in R
     * and R', of the one in ModRM.rm in B and X, the other source is in vvvv and V'. L'L = 10: 512 bits. aaa: the mask.
     */
    private void evexPrefix(VectorOp op, int reg, int second, int rm, int decoration) {
        put(0x62);
        put((~reg >> 3 & 1) << 7 | (~rm >> 4 & 1) << 6 | (~rm >> 3 & 1) << 5 | (~reg >> 4 & 1) << 4 | op.map());
        put(op.wide() << 7 | (~second & 15) << 3 | 4 | op.prefix());
        put(op.length() << 5 | decoration | (~second >> 4 & 1) << 3);
    }
}
