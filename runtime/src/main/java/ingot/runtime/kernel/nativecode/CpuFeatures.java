package ingot.runtime.kernel.nativecode;

import ingot.runtime.kernel.nativecode.Operand.Address;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What the processor can do and the operating system saves at a thread switch (Intel SDM volume 1, section 15.2: CPUID
 * alone does not say the latter, XCR0 does).
 *
 * @param avx512 F, BW, DQ and VL, with their registers, and BMI2, which makes masks
 * @param vnni dot products of bytes, AVX512_VNNI
 * @param avx2 with FMA and conversions of halves
 * @param avxVnni dot products of bytes in 256 bits, AVX-VNNI
 */
record CpuFeatures(boolean avx512, boolean vnni, boolean avx2, boolean avxVnni) {
    private static final CpuFeatures NONE = new CpuFeatures(false, false, false, false);
    private static final int OSXSAVE = 1 << 27;
    private static final int F16C = 1 << 29;
    private static final int FMA = 1 << 12;
    private static final int AVX512_F_DQ_BW_VL = 1 << 16 | 1 << 17 | 1 << 30 | 1 << 31;
    private static final int BMI2 = 1 << 8;
    private static final int AVX512_VNNI = 1 << 11;
    private static final int AVX2 = 1 << 5;
    private static final int AVX_VNNI = 1 << 4;

    /** XCR0: SSE, AVX. */
    private static final int YMM_STATE = 0x6;

    /** XCR0: SSE, AVX, mask registers, upper halves of zmm0–15, zmm16–31. */
    private static final int ZMM_STATE = 0xE6;

    /** Asks with generated code. */
    static CpuFeatures detect() throws ExecutableMemory.Refused {
        MemorySegment code = ExecutableMemory.install(cpuidCode());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ValueLayout.JAVA_INT, 4);
            call(code, 0, 0, out);
            if (word(out, 0) < 7) {
                return NONE;
            }
            call(code, 1, 0, out);
            int ecx1 = word(out, 2);
            if (!all(ecx1, OSXSAVE | F16C | FMA)) {
                return NONE;
            }
            call(code, 7, 0, out);
            int ebx7 = word(out, 1);
            int ecx7 = word(out, 2);
            // Subleaf 0 says how many there are.
            boolean second = word(out, 0) >= 1;
            call(code, 7, 1, out);
            int eax71 = second ? word(out, 0) : 0;
            call(ExecutableMemory.install(xgetbvCode()), 0, 0, out);
            int state = word(out, 0);
            boolean avx512 = all(ebx7, AVX512_F_DQ_BW_VL | BMI2) && all(state, ZMM_STATE);
            boolean avx2 = all(ebx7, AVX2) && all(state, YMM_STATE);
            return new CpuFeatures(avx512, avx512 && all(ecx7, AVX512_VNNI), avx2, avx2 && all(eax71, AVX_VNNI));
        }
    }

    private static boolean all(int word, int bits) {
        return (word & bits) == bits;
    }

    private static int word(MemorySegment out, int index) {
        return out.getAtIndex(ValueLayout.JAVA_INT, index);
    }

    private static void call(MemorySegment code, int leaf, int subleaf, MemorySegment out) {
        ExecutableMemory.Integers.call(code, leaf, subleaf, out.address());
    }

    /** (rdi leaf, rsi subleaf, rdx out): out = eax, ebx, ecx, edx. The caller owns rbx. */
    private static byte[] cpuidCode() {
        Assembler a = new Assembler();
        a.push(Gpr.RBX);
        a.mov(Gpr.R8, Gpr.RDX);
        a.mov(Gpr.RAX, Gpr.RDI);
        a.mov(Gpr.RCX, Gpr.RSI);
        a.cpuid();
        a.store32(new Address(Gpr.R8, 0), Gpr.RAX);
        a.store32(new Address(Gpr.R8, 4), Gpr.RBX);
        a.store32(new Address(Gpr.R8, 8), Gpr.RCX);
        a.store32(new Address(Gpr.R8, 12), Gpr.RDX);
        a.pop(Gpr.RBX);
        a.ret();
        return a.bytes();
    }

    /** (rdi = number of the register, …, rdx out): out = its low 32 bits. */
    private static byte[] xgetbvCode() {
        Assembler a = new Assembler();
        a.mov(Gpr.R8, Gpr.RDX);
        a.mov(Gpr.RCX, Gpr.RDI);
        a.xgetbv();
        a.store32(new Address(Gpr.R8, 0), Gpr.RAX);
        a.ret();
        return a.bytes();
    }
}
