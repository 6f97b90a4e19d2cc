package ingot.runtime.kernel.nativecode;

import ingot.runtime.kernel.nativecode.Operand.Address;
import java.util.Arrays;

/**
 * Integer instructions for addresses and loops, of 64 bits where nothing else is said, and the bytes that come of them (Intel
 * SDM volume 2, sections 2.2 and 2.3). Operands are in Intel order, destination first. Encodings are the shortest ones that
 * GNU as chooses too, except for forward jumps, which have 32-bit distances.
 */
class IntegerAssembler {
    private static final int REX = 0x40;
    private static final int REX_W = 0x48;
    private static final int CACHE_LINE = 64;
    private static final int RSP_BITS = 4;
    private static final int RBP_BITS = 5;

    private byte[] code = new byte[1024];
    private int size;

    /** When a jump is taken, by what the instruction before found; in the order of their numbers. */
    enum Condition {
        OVERFLOW,
        NO_OVERFLOW,
        /** After a subtraction: less than nothing was left. */
        BELOW,
        NOT_BELOW,
        ZERO,
        NOT_ZERO
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

    /** Where a function begins: at the next cache line. */
    int entry() {
        align(CACHE_LINE);
        return size;
    }

    void nop() {
        put(0x90);
    }

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
        rex32(dst.number(), from.base().number());
        put(0x8B);
        memory(dst.number(), from.base(), from.disp(), 1);
    }

    /** The low 32 bits to memory. */
    void store32(Address to, Gpr src) {
        rex32(src.number(), to.base().number());
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

    /** Sets the zero flag when the result is 0, the carry flag when it would be below. */
    void sub(Gpr dst, int value) {
        immediate(5, dst, value);
    }

    /** The low halves' signed product. */
    void imul(Gpr dst, Gpr src) {
        rex(dst.number(), src.number());
        put(0x0F);
        put(0xAF);
        put(0xC0 | (dst.number() & 7) << 3 | src.number() & 7);
    }

    void shl(Gpr dst, int count) {
        shift(4, dst, count);
    }

    void or(Gpr dst, Gpr src) {
        registers(0x09, src, dst);
    }

    void shr(Gpr dst, int count) {
        shift(5, dst, count);
    }

    private void shift(int digit, Gpr dst, int count) {
        rex(0, dst.number());
        put(0xC1);
        put(0xC0 | digit << 3 | dst.number() & 7);
        put(count);
    }

    /** dst = the low 32 bits of src, zeros above them. */
    void low32(Gpr dst, Gpr src) {
        rex32(src.number(), dst.number());
        put(0x89);
        put(0xC0 | (src.number() & 7) << 3 | dst.number() & 7);
    }

    /** dst = the low {@code count} bits of src, 32 bits at most. {@code C4 | ~R 1 ~B map | ~vvvv 000} */
    void bzhi32(Gpr dst, Gpr src, Gpr count) {
        put(0xC4);
        put((~dst.number() >> 3 & 1) << 7 | 1 << 6 | (~src.number() >> 3 & 1) << 5 | 2);
        put((~count.number() & 15) << 3);
        put(0xF5);
        put(0xC0 | (dst.number() & 7) << 3 | src.number() & 7);
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
        jump(Condition.NOT_ZERO, to);
    }

    void jump(Condition when, Label to) {
        int near = to.position() - (size + 2);
        if (to.bound() && near >= Byte.MIN_VALUE) {
            put(0x70 | when.ordinal());
            put(near);
            return;
        }
        put(0x0F);
        put(0x80 | when.ordinal());
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

    /** Before instructions on 32 bits only where a register has a number above 7. */
    private void rex32(int reg, int rm) {
        if (reg > 7 || rm > 7) {
            put(REX | reg >> 3 << 2 | rm >> 3);
        }
    }

    private void rex(int reg, int rm) {
        put(REX_W | reg >> 3 << 2 | rm >> 3);
    }

    /**
     * ModRM, SIB where the base asks for one, and displacement: none, one byte in units of {@code unit} bytes, or four.
     * RSP and R12 as a base need a SIB byte; RBP and R13 without displacement would mean something else.
     */
    final void memory(int reg, Gpr base, int disp, int unit) {
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

    final void put(int value) {
        if (size == code.length) {
            code = Arrays.copyOf(code, 2 * size);
        }
        code[size++] = (byte) value;
    }
}
