package ingot.runtime.kernel.nativecode;

import ingot.runtime.kernel.nativecode.Operand.Address;
import ingot.runtime.kernel.nativecode.Operand.Broadcast;
import ingot.runtime.kernel.nativecode.Operand.Zmm;
import java.util.Arrays;

/**
 * Encodes the x86-64 instructions that the kernels need: vector instructions of one {@link Encoding}, and 64-bit integer
 * instructions for addresses and loops (Intel SDM volume 2, sections 2.2, 2.3 and 2.7). Operands are in Intel order, destination first.
 * Encodings are the shortest ones that GNU as chooses too, except for forward jumps, which have 32-bit distances.
 */
final class Assembler {
    private static final int REX_W = 0x48;
    private static final int NO_REGISTER = 0;
    private static final int RSP_BITS = 4;
    private static final int RBP_BITS = 5;

    private final Encoding encoding;
    private byte[] code = new byte[1024];
    private int size;

    Assembler() {
        this(Encoding.EVEX_512);
    }

    Assembler(Encoding encoding) {
        this.encoding = encoding;
    }

    /** What was written so far; a copy. */
    byte[] bytes() {
        return Arrays.copyOf(code, size);
    }

    int size() {
        return size;
    }

    /** Fills up to a multiple of {@code boundary} with no-operations. */
    void align(int boundary) {
        while (size % boundary != 0) {
            nop();
        }
    }

    void nop() {
        put(0x90);
    }

    // Vector instructions.

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
        evexPrefix(op, dst.number(), NO_REGISTER, src.number(), false);
        put(op.opcode());
        put(0xC0 | (dst.number() & 7) << 3 | src.number() & 7);
    }

    private void vector(VectorOp op, int reg, int second, Operand rm) {
        switch (encoding) {
            case EVEX_512 -> evex(op, reg, second, rm);
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

    private void evex(VectorOp op, int reg, int second, Operand rm) {
        switch (rm) {
            case Zmm(int number) -> {
                evexPrefix(op, reg, second, number, false);
                put(op.opcode());
                put(0xC0 | (reg & 7) << 3 | number & 7);
            }
            case Address(Gpr base, int disp) -> {
                evexPrefix(op, reg, second, base.number(), false);
                put(op.opcode());
                memory(reg, base, disp, op.memoryBytes());
            }
            case Broadcast(Gpr base, int disp) -> {
                evexPrefix(op, reg, second, base.number(), true);
                put(op.opcode());
                memory(reg, base, disp, Integer.BYTES);
            }
        }
    }

    /**
     * {@code 62 | ~R ~X ~B ~R' 0 map | W ~vvvv 1 pp | z L'L b ~V' aaa}: bits 3 and 4 of the register in ModRM.reg are in R
     * and R', of the one in ModRM.rm in B and X, the other source is in vvvv and V'. L'L = 10: 512 bits.
     */
    private void evexPrefix(VectorOp op, int reg, int second, int rm, boolean broadcast) {
        put(0x62);
        put((~reg >> 3 & 1) << 7 | (~rm >> 4 & 1) << 6 | (~rm >> 3 & 1) << 5 | (~reg >> 4 & 1) << 4 | op.map());
        put(op.wide() << 7 | (~second & 15) << 3 | 4 | op.prefix());
        put(op.length() << 5 | (broadcast ? 1 << 4 : 0) | (~second >> 4 & 1) << 3);
    }

    // Integer instructions, all of 64 bits.

    void mov(Gpr dst, Gpr src) {
        registers(0x89, src, dst);
    }

    void mov(Gpr dst, Address from) {
        rex(dst.number(), from.base().number());
        put(0x8B);
        memory(dst.number(), from.base(), from.disp(), 1);
    }

    /** The low 16 bits to memory. */
    void store16(Address to, Gpr src) {
        put(0x66);
        store32(to, src);
    }

    /** 32 bits; the upper half becomes 0. */
    void load32(Gpr dst, Address from) {
        if (dst.number() > 7 || from.base().number() > 7) {
            put(0x40 | dst.number() >> 3 << 2 | from.base().number() >> 3);
        }
        put(0x8B);
        memory(dst.number(), from.base(), from.disp(), 1);
    }

    /** The low 32 bits to memory. */
    void store32(Address to, Gpr src) {
        if (src.number() > 7 || to.base().number() > 7) {
            put(0x40 | src.number() >> 3 << 2 | to.base().number() >> 3);
        }
        put(0x89);
        memory(src.number(), to.base(), to.disp(), 1);
    }

    void mov(Gpr dst, long value) {
        rex(0, dst.number());
        put(0xB8 | dst.number() & 7);
        int32((int) value);
        int32((int) (value >> Integer.SIZE));
    }

    void add(Gpr dst, Gpr src) {
        registers(0x01, src, dst);
    }

    void add(Gpr dst, int value) {
        immediate(0, dst, value);
    }

    /** The low halves' signed product. */
    void imul(Gpr dst, Gpr src) {
        rex(dst.number(), src.number());
        put(0x0F);
        put(0xAF);
        put(0xC0 | (dst.number() & 7) << 3 | src.number() & 7);
    }

    void shl(Gpr dst, int count) {
        rex(0, dst.number());
        put(0xC1);
        put(0xE0 | dst.number() & 7);
        put(count);
    }

    void or(Gpr dst, Gpr src) {
        registers(0x09, src, dst);
    }

    /** Sets the zero flag when the result is 0. */
    void dec(Gpr dst) {
        rex(0, dst.number());
        put(0xFF);
        put(0xC8 | dst.number() & 7);
    }

    void push(Gpr r) {
        stack(0x50, r);
    }

    void pop(Gpr r) {
        stack(0x58, r);
    }

    void prefetcht0(Address at) {
        if (at.base().number() > 7) {
            put(0x41);
        }
        put(0x0F);
        put(0x18);
        memory(1, at.base(), at.disp(), 1);
    }

    void cpuid() {
        put(0x0F);
        put(0xA2);
    }

    void xgetbv() {
        put(0x0F);
        put(0x01);
        put(0xD0);
    }

    /** Clears the upper parts of vector registers, which the calling convention wants before returning. */
    void vzeroupper() {
        put(0xC5);
        put(0xF8);
        put(0x77);
    }

    void ret() {
        put(0xC3);
    }

    /** Marks this place. */
    void bind(Label label) {
        for (int at : label.bind(size)) {
            int distance = size - (at + Integer.BYTES);
            for (int i = 0; i < Integer.BYTES; i++) {
                code[at + i] = (byte) (distance >> 8 * i);
            }
        }
    }

    /** Jumps while the zero flag is not set. */
    void jnz(Label to) {
        int near = to.position() - (size + 2);
        if (to.bound() && near >= Byte.MIN_VALUE) {
            put(0x75);
            put(near);
            return;
        }
        put(0x0F);
        put(0x85);
        if (!to.bound()) {
            to.await(size);
        }
        int32(to.bound() ? to.position() - (size + Integer.BYTES) : 0);
    }

    private void registers(int opcode, Gpr reg, Gpr rm) {
        rex(reg.number(), rm.number());
        put(opcode);
        put(0xC0 | (reg.number() & 7) << 3 | rm.number() & 7);
    }

    private void immediate(int digit, Gpr dst, int value) {
        rex(0, dst.number());
        boolean small = value == (byte) value;
        put(small ? 0x83 : 0x81);
        put(0xC0 | digit << 3 | dst.number() & 7);
        if (small) {
            put(value);
        } else {
            int32(value);
        }
    }

    private void stack(int opcode, Gpr r) {
        if (r.number() > 7) {
            put(0x41);
        }
        put(opcode | r.number() & 7);
    }

    private void rex(int reg, int rm) {
        put(REX_W | reg >> 3 << 2 | rm >> 3);
    }

    /**
     * ModRM, SIB where the base asks for one, and displacement: none, one byte in units of {@code unit} bytes, or four.
     * RSP and R12 as a base need a SIB byte; RBP and R13 without displacement would mean something else.
     */
    private void memory(int reg, Gpr base, int disp, int unit) {
        int low = base.number() & 7;
        int modrm = (reg & 7) << 3 | low;
        boolean none = disp == 0 && low != RBP_BITS;
        boolean small = disp % unit == 0 && disp / unit == (byte) (disp / unit);
        put(modrm | (none ? 0 : small ? 0x40 : 0x80));
        if (low == RSP_BITS) {
            put(0x24);
        }
        if (!none && small) {
            put(disp / unit);
        } else if (!none) {
            int32(disp);
        }
    }

    private void int32(int value) {
        for (int i = 0; i < Integer.BYTES; i++) {
            put(value >> 8 * i);
        }
    }

    private void put(int value) {
        if (size == code.length) {
            code = Arrays.copyOf(code, 2 * size);
        }
        code[size++] = (byte) value;
    }
}
