package ingot.runtime.kernel.nativecode;

/**
 * Vector instructions, by their names in EVEX: what their encodings need (Intel SDM volume 2, each instruction's page).
 * The number in the name of a shift with an immediate count is in the reg field of ModRM; {@link #NO_DIGIT} elsewhere.
 */
enum VectorOp {
    VMOVUPS(Prefix.NONE, Map.M0F, 0x10),
    VMOVUPS_STORE(Prefix.NONE, Map.M0F, 0x11),
    VADDPS(Prefix.NONE, Map.M0F, 0x58),
    VSUBPS(Prefix.NONE, Map.M0F, 0x5C),
    VMULPS(Prefix.NONE, Map.M0F, 0x59),
    /** Of two zeros, or where one is no number, the second source. */
    VMAXPS(Prefix.NONE, Map.M0F, 0x5F),
    /** As {@link #VMAXPS}. */
    VMINPS(Prefix.NONE, Map.M0F, 0x5D),
    /** The destination is a mask. */
    VCMPPS(Prefix.NONE, Map.M0F, 0xC2),
    VDIVPS(Prefix.NONE, Map.M0F, 0x5E),
    VCVTDQ2PS(Prefix.NONE, Map.M0F, 0x5B),
    VCVTPS2DQ(Prefix.P66, Map.M0F, 0x5B),
    VCVTPH2PS(Prefix.P66, Map.M0F38, 0x13, Memory.HALF),
    VFMADD231PS(Prefix.P66, Map.M0F38, 0xB8),
    /** Eight lanes become twice as wide. */
    VCVTPS2PD(Prefix.NONE, Map.M0F, 0x5A, Memory.HALF),
    /** 64-bit lanes, as the following: W is 1. Eight lanes become half as wide. */
    VCVTPD2PS(Prefix.P66, Map.M0F, 0x5A),
    VADDPD(Prefix.P66, Map.M0F, 0x58),
    VDIVPD(Prefix.P66, Map.M0F, 0x5E),
    VSQRTPD(Prefix.P66, Map.M0F, 0x51),
    VPERMPS(Prefix.P66, Map.M0F38, 0x16),
    VPSHUFB(Prefix.P66, Map.M0F38, 0x00),
    VPDPBUSD(Prefix.P66, Map.M0F38, 0x50),
    VPMADDUBSW(Prefix.P66, Map.M0F38, 0x04),
    VPMADDWD(Prefix.P66, Map.M0F, 0xF5),
    VPADDD(Prefix.P66, Map.M0F, 0xFE),
    VPADDB(Prefix.P66, Map.M0F, 0xFC),
    VPADDW(Prefix.P66, Map.M0F, 0xFD),
    VPMULLD(Prefix.P66, Map.M0F38, 0x40),
    VPMAXUD(Prefix.P66, Map.M0F38, 0x3F),
    VPANDD(Prefix.P66, Map.M0F, 0xDB),
    VPORD(Prefix.P66, Map.M0F, 0xEB),
    VPXORD(Prefix.P66, Map.M0F, 0xEF),
    /** 64-bit lanes: W is 1. */
    VPUNPCKLQDQ(Prefix.P66, Map.M0F, 0x6C),
    VPUNPCKLDQ(Prefix.P66, Map.M0F, 0x62),
    VPBROADCASTD(Prefix.P66, Map.M0F38, 0x58, Memory.FOUR_BYTES),
    VPBROADCASTQ(Prefix.P66, Map.M0F38, 0x59, Memory.EIGHT_BYTES),
    VPBROADCASTD_GPR(Prefix.P66, Map.M0F38, 0x7C),
    VPBROADCASTQ_GPR(Prefix.P66, Map.M0F38, 0x7C),
    /** 16 signed bytes to 32-bit lanes. */
    VPMOVSXBD(Prefix.P66, Map.M0F38, 0x21, Memory.QUARTER),
    VPSHUFD(Prefix.P66, Map.M0F, 0x70),
    VSHUFI32X4(Prefix.P66, Map.M0F3A, 0x43),
    /** One 128-bit lane to memory. */
    VEXTRACTI32X4(Prefix.P66, Map.M0F3A, 0x39, Memory.QUARTER),
    /** The low bytes of 16 lanes to memory. */
    VPMOVDB(Prefix.PF3, Map.M0F38, 0x31, Memory.QUARTER),
    VPSRLW(0x71, 2),
    VPSLLW(0x71, 6),
    VPSRLD(0x72, 2),
    VPSRAD(0x72, 4),
    VPSLLD(0x72, 6),
    VCVTTPS2DQ(Prefix.PF3, Map.M0F, 0x5B),
    /** From and to memory of half the register's width. */
    VPMOVZXWD(Prefix.P66, Map.M0F38, 0x33, Memory.HALF),
    VCVTPS2PH(Prefix.P66, Map.M0F3A, 0x1D, Memory.HALF),
    VRNDSCALEPS(Prefix.P66, Map.M0F3A, 0x08),
    VPSUBD(Prefix.P66, Map.M0F, 0xFA),
    VPMINUD(Prefix.P66, Map.M0F38, 0x3B),
    VPMINSD(Prefix.P66, Map.M0F38, 0x39),
    VPMAXSD(Prefix.P66, Map.M0F38, 0x3D),
    VSUBPD(Prefix.P66, Map.M0F, 0x5C),
    VMULPD(Prefix.P66, Map.M0F, 0x59),
    VMAXPD(Prefix.P66, Map.M0F, 0x5F),
    /** The lowest lane alone. */
    VADDSD(Prefix.PF2, Map.M0F, 0x58, Memory.EIGHT_BYTES);

    static final int NO_DIGIT = -1;

    /** Stands for the legacy prefix byte. */
    enum Prefix {
        NONE,
        P66,
        PF3,
        PF2
    }

    /** Opcode map; its ordinal + 1 is its number. */
    enum Map {
        M0F,
        M0F38,
        M0F3A
    }

    /** Bytes that the memory operand has, the unit of an 8-bit displacement. */
    enum Memory {
        FULL(64),
        HALF(32),
        QUARTER(16),
        EIGHT_BYTES(8),
        FOUR_BYTES(4);

        private final int bytes;

        Memory(int bytes) {
            this.bytes = bytes;
        }
    }

    private final Prefix prefix;
    private final Map map;
    private final int opcode;
    private final int digit;
    private final Memory memory;

    VectorOp(Prefix prefix, Map map, int opcode) {
        this(prefix, map, opcode, Memory.FULL);
    }

    VectorOp(Prefix prefix, Map map, int opcode, Memory memory) {
        this.prefix = prefix;
        this.map = map;
        this.opcode = opcode;
        this.digit = NO_DIGIT;
        this.memory = memory;
    }

    VectorOp(int opcode, int digit) {
        this.prefix = Prefix.P66;
        this.map = Map.M0F;
        this.opcode = opcode;
        this.digit = digit;
        this.memory = Memory.FULL;
    }

    int prefix() {
        return prefix.ordinal();
    }

    int map() {
        return map.ordinal() + 1;
    }

    int opcode() {
        return opcode;
    }

    int digit() {
        return digit;
    }

    int memoryBytes() {
        return memory.bytes;
    }

    /** EVEX.W; VEX.W is 0 for all. */
    int wide() {
        return switch (this) {
            case VPUNPCKLQDQ,
                    VPBROADCASTQ,
                    VPBROADCASTQ_GPR,
                    VSUBPD,
                    VMULPD,
                    VMAXPD,
                    VADDSD,
                    VCVTPD2PS,
                    VADDPD,
                    VDIVPD,
                    VSQRTPD -> 1;
            default -> 0;
        };
    }

    /** EVEX.L'L: 2 for 512 bits; instructions on one lane ignore it, and others' assemblers write 0. */
    int length() {
        return this == VADDSD ? 0 : 2;
    }
}
