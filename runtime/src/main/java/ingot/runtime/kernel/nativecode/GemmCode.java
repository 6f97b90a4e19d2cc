package ingot.runtime.kernel.nativecode;

import static ingot.runtime.kernel.nativecode.VectorOp.VCVTDQ2PS;
import static ingot.runtime.kernel.nativecode.VectorOp.VFMADD231PS;
import static ingot.runtime.kernel.nativecode.VectorOp.VMOVUPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VMOVUPS_STORE;
import static ingot.runtime.kernel.nativecode.VectorOp.VMULPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VPADDD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPBROADCASTD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPDPBUSD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPSLLD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPXORD;

import ingot.formats.block.Blocks;
import ingot.runtime.kernel.nativecode.Operand.Address;
import ingot.runtime.kernel.nativecode.Operand.Broadcast;
import ingot.runtime.kernel.nativecode.Operand.Zmm;

/**
 * {@code void gemm(const void *panel, const void *records, float *sums, long units, long tiles, long tileBytes, long
 * recordsAt, long onto)}: continues the sums of 32 rows and six tokens per tile over the units of a panel, the tiles one after
 * the other; begins them where {@code onto} is 0 and not −1.
 *
 * <p>A unit of the panel has the values of 32 columns as unsigned bytes, value + 128, line by line: for every four columns the
 * 16 rows of the first and of the second block; then the f32 scales of the two blocks. A unit of a tile has the {@link
 * UnitRecord#BYTES} of six tokens one after the other. Sums are {@code [tiles][6][32]}.
 */
final class GemmCode {
    /** Blocks of rows side by side. */
    static final int ROW_BLOCKS = 2;

    /** Rows of a panel. */
    static final int ROWS = ROW_BLOCKS * Blocks.ROWS;

    /** Tokens of a tile: 12 sums in f32, 12 in integers and their operands take 27 registers. */
    static final int TOKENS = 6;

    /** Where the scales of a unit lie. */
    static final int PANEL_SCALES = UnitRecord.STEPS * ROW_BLOCKS * Blocks.LINE;

    /** Bytes of a unit of the panel. */
    static final int PANEL_BYTES = PANEL_SCALES + ROW_BLOCKS * Blocks.LINE;

    /** Bytes of a unit of a tile. */
    static final int TILE_UNIT_BYTES = TOKENS * UnitRecord.RECORD_BYTES;

    /** Bytes of the sums of a tile. */
    static final int SUM_BYTES = TOKENS * ROWS * Float.BYTES;

    private static final Gpr PANEL = Gpr.RDI;
    private static final Gpr RECORDS = Gpr.RSI;
    private static final Gpr SUMS = Gpr.RDX;
    private static final Gpr UNITS = Gpr.RCX;
    private static final Gpr TILES = Gpr.R8;
    private static final Gpr TILE_BYTES = Gpr.R9;
    private static final Address RECORDS_AT = new Address(Gpr.RSP, 8);
    private static final Address ONTO = new Address(Gpr.RSP, 16);
    private static final Mask CONTINUED = new Mask(1);
    private static final Gpr LEFT = Gpr.RAX;
    private static final Gpr WEIGHTS = Gpr.R10;
    private static final Gpr ACTIVATIONS = Gpr.R11;

    private final Assembler a;
    private final ActivationBits bits;
    private final Zmm digits = new Zmm(26);

    private GemmCode(Assembler a, ActivationBits bits) {
        this.a = a;
        this.bits = bits;
    }

    /** Where a block's line of four columns lies in a unit. */
    static int panelAt(int step, int block) {
        return (step * ROW_BLOCKS + block) * Blocks.LINE;
    }

    static void emit(Assembler a, ActivationBits bits) {
        new GemmCode(a, bits).emit();
    }

    private static Zmm integers(int token, int block) {
        return new Zmm(token * ROW_BLOCKS + block);
    }

    private static Zmm sum(int token, int block) {
        return new Zmm(TOKENS * ROW_BLOCKS + token * ROW_BLOCKS + block);
    }

    private static Zmm weights(int block) {
        return new Zmm(2 * TOKENS * ROW_BLOCKS + block);
    }

    private static Address sumAt(int token, int block) {
        return new Address(SUMS, (token * ROW_BLOCKS + block) * Blocks.LINE);
    }

    private void emit() {
        a.mov(Gpr.RAX, RECORDS_AT);
        a.add(RECORDS, Gpr.RAX);
        a.mov(Gpr.RAX, ONTO);
        a.maskFromRax(CONTINUED);
        Label tile = new Label();
        Label unit = new Label();
        a.align(32);
        a.bind(tile);
        a.mov(WEIGHTS, PANEL);
        a.mov(ACTIVATIONS, RECORDS);
        a.mov(LEFT, UNITS);
        for (int t = 0; t < TOKENS; t++) {
            for (int block = 0; block < ROW_BLOCKS; block++) {
                a.zeroing(VMOVUPS, sum(t, block), CONTINUED, sumAt(t, block));
            }
        }
        a.align(32);
        a.bind(unit);
        unit();
        a.add(WEIGHTS, PANEL_BYTES);
        a.add(ACTIVATIONS, TILE_UNIT_BYTES);
        a.dec(LEFT);
        a.jnz(unit);
        for (int t = 0; t < TOKENS; t++) {
            for (int block = 0; block < ROW_BLOCKS; block++) {
                a.store(VMOVUPS_STORE, sumAt(t, block), sum(t, block));
            }
        }
        a.add(SUMS, SUM_BYTES);
        a.add(RECORDS, TILE_BYTES);
        a.dec(TILES);
        a.jnz(tile);
        a.vzeroupper();
        a.ret();
    }

    private void unit() {
        bytes();
        for (int block = 0; block < ROW_BLOCKS; block++) {
            a.op(VMOVUPS, weights(block), new Address(WEIGHTS, PANEL_SCALES + block * Blocks.LINE));
        }
        for (int t = 0; t < TOKENS; t++) {
            for (int block = 0; block < ROW_BLOCKS; block++) {
                Zmm i = integers(t, block);
                if (bits.bytes() > 1) {
                    a.op(VPADDD, i, i, everywhere(t, UnitRecord.BIAS_SUM));
                }
                a.op(VCVTDQ2PS, i, i);
                a.op(VMULPS, i, i, everywhere(t, UnitRecord.SCALE));
                a.op(VFMADD231PS, sum(t, block), i, weights(block));
            }
        }
    }

    private static Address record(int token, int at) {
        return new Address(ACTIVATIONS, token * UnitRecord.RECORD_BYTES + at);
    }

    private static Broadcast everywhere(int token, int at) {
        return new Broadcast(ACTIVATIONS, token * UnitRecord.RECORD_BYTES + at);
    }

    private void loadWeights(int step) {
        for (int block = 0; block < ROW_BLOCKS; block++) {
            a.op(VMOVUPS, weights(block), new Address(WEIGHTS, panelAt(step, block)));
        }
    }

    /**
     * Σ u·a = 256·(256·Σ u·h + Σ u·m) + Σ u·l, of the bytes that are not 0. Sums of one byte begin with −128·Σa, which costs
     * nothing beside an addition; others are shifted on the way.
     */
    private void bytes() {
        int first = UnitRecord.PLANES - bits.bytes();
        for (int plane = first; plane < UnitRecord.PLANES; plane++) {
            for (int cell = 0; cell < TOKENS * ROW_BLOCKS; cell++) {
                Zmm i = new Zmm(cell);
                if (bits.bytes() == 1) {
                    a.op(VPBROADCASTD, i, record(cell / ROW_BLOCKS, UnitRecord.BIAS_SUM));
                } else if (plane == first) {
                    a.op(VPXORD, i, i, i);
                } else {
                    a.op(VPSLLD, i, i, 8);
                }
            }
            for (int step = 0; step < UnitRecord.STEPS; step++) {
                loadWeights(step);
                for (int t = 0; t < TOKENS; t++) {
                    a.op(VPBROADCASTD, digits, record(t, UnitRecord.BYTES.bytesAt(plane, step)));
                    for (int block = 0; block < ROW_BLOCKS; block++) {
                        a.op(VPDPBUSD, integers(t, block), weights(block), digits);
                    }
                }
            }
        }
    }
}
