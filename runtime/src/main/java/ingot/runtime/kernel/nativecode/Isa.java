package ingot.runtime.kernel.nativecode;

import java.util.Locale;

/** Instruction sets that kernels are generated for, the best first. Where they have a kernel, it gives the same bits. */
public enum Isa {
    /** AVX-512 with dot products of bytes: Intel from Ice Lake on, AMD from Zen 4 on. */
    AVX512_VNNI,
    /** AVX-512 without: products of 16-bit words, added in pairs; one token at a time. */
    AVX512,
    /** 256 bits with dot products of bytes: Intel Alder Lake and its like; one token at a time. */
    AVX_VNNI,
    /** 256 bits without; one token at a time. */
    AVX2;

    /** Whether this machine has it. */
    boolean on(CpuFeatures cpu) {
        return switch (this) {
            case AVX512_VNNI -> cpu.vnni();
            case AVX512 -> cpu.avx512();
            case AVX_VNNI -> cpu.avxVnni();
            case AVX2 -> cpu.avx2();
        };
    }

    /** How its kernels read activations. */
    UnitRecord form() {
        return switch (this) {
            case AVX512_VNNI, AVX_VNNI -> UnitRecord.BYTES;
            case AVX512, AVX2 -> UnitRecord.WORDS;
        };
    }

    Encoding encoding() {
        return switch (this) {
            case AVX512_VNNI, AVX512 -> Encoding.EVEX_512;
            case AVX_VNNI, AVX2 -> Encoding.VEX_256;
        };
    }

    /** {@code avx512-vnni}: the name in reports. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
