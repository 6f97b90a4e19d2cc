package ingot.runtime.kernel.nativecode;

import static ingot.runtime.kernel.nativecode.VectorOp.VCVTDQ2PS;
import static ingot.runtime.kernel.nativecode.VectorOp.VFMADD231PS;
import static ingot.runtime.kernel.nativecode.VectorOp.VMOVUPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VMOVUPS_STORE;
import static ingot.runtime.kernel.nativecode.VectorOp.VMULPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VPADDD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPBROADCASTD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPDPWSSD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPMADDWD;

import ingot.formats.block.Blocks;
import ingot.runtime.kernel.nativecode.Operand.Address;
import ingot.runtime.kernel.nativecode.Operand.Broadcast;
import ingot.runtime.kernel.nativecode.Operand.Zmm;

/**
 * {@code void gemm(const void *panel, const void *records, float *sums, long units, long tiles, long tileBytes, long
 * recordsAt)}: continues the sums of 32 rows and six tokens per tile over the units of a panel, the tiles one after the
 * other.
 *
 * <p>A unit of the panel has the values of 32 columns as 16-bit integers, line by line: for every four columns the pairs of
 * columns (0, 2), then (1, 3), each for the 16 rows of the first and of the second block; then the f32 scales of the two
 * blocks. A unit of a tile has the {@link UnitRecord#PAIRS} of six tokens one after the other. Sums are {@code
 * [tiles][6][32]}.
 */
final class GemmCode {
    /** Blocks of rows side by side. */
    static final int ROW_BLOCKS = 2;

    /** Rows of a panel. */
    static final int ROWS = ROW_BLOCKS * Blocks.ROWS;

    /** Tokens of a tile: 12 sums in f32, 12 in integers and their operands fill the 32 registers. */
    static final int TOKENS = 6;

    /** Where the scales of a unit lie. */
    static final int PANEL_SCALES = UnitRecord.STEPS * 2 * ROW_BLOCKS * Blocks.LINE;

    /** Bytes of a unit of the panel. */
    static final int PANEL_BYTES = PANEL_SCALES + ROW_BLOCKS * Blocks.LINE;

    /** Bytes of a unit of a tile. */
    static final int TILE_UNIT_BYTES = TOKENS * UnitRecord.BYTES;

    /** Bytes of the sums of a tile. */
    static final int SUM_BYTES = TOKENS * ROWS * Float.BYTES;

    private static final Gpr PANEL = Gpr.RDI;
    private static final Gpr RECORDS = Gpr.RSI;
    private static final Gpr SUMS = Gpr.RDX;
    private static final Gpr UNITS = Gpr.RCX;
    private static final Gpr TILES = Gpr.R8;
    private static final Gpr TILE_BYTES = Gpr.R9;
    private static final Address RECORDS_AT = new Address(Gpr.RSP, 8);
    private static final Gpr LEFT = Gpr.RAX;
    private static final Gpr WEIGHTS = Gpr.R10;
    private static final Gpr ACTIVATIONS = Gpr.R11;

    private final Assembler a;
    private final Isa isa;
    private final Zmm pair = new Zmm(26);
    private final Zmm product = new Zmm(27);

    private GemmCode(Assembler a, Isa isa) {
        this.a = a;
        this.isa = isa;
    }

    /** Where the first block's line of a pair of columns lies in a unit. */
    static int panelAt(int step, int odd) {
        return (2 * step + odd) * ROW_BLOCKS * Blocks.LINE;
    }

    static void emit(Assembler a, Isa isa) {
        new GemmCode(a, isa).emit();
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
        Label tile = new Label();
        Label unit = new Label();
        a.align(32);
        a.bind(tile);
        a.mov(WEIGHTS, PANEL);
        a.mov(ACTIVATIONS, RECORDS);
        a.mov(LEFT, UNITS);
        for (int t = 0; t < TOKENS; t++) {
            for (int block = 0; block < ROW_BLOCKS; block++) {
                a.op(VMOVUPS, sum(t, block), sumAt(t, block));
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
        for (int step = 0; step < UnitRecord.STEPS; step++) {
            for (int odd = 0; odd < 2; odd++) {
                for (int block = 0; block < ROW_BLOCKS; block++) {
                    a.op(VMOVUPS, weights(block), new Address(WEIGHTS, panelAt(step, odd) + block * Blocks.LINE));
                }
                for (int t = 0; t < TOKENS; t++) {
                    a.op(VPBROADCASTD, pair, record(t, UnitRecord.pairAt(step, odd)));
                    for (int block = 0; block < ROW_BLOCKS; block++) {
                        multiply(integers(t, block), weights(block), step == 0 && odd == 0);
                    }
                }
            }
        }
        for (int block = 0; block < ROW_BLOCKS; block++) {
            a.op(VMOVUPS, weights(block), new Address(WEIGHTS, PANEL_SCALES + block * Blocks.LINE));
        }
        for (int t = 0; t < TOKENS; t++) {
            Address d = record(t, UnitRecord.SCALE);
            for (int block = 0; block < ROW_BLOCKS; block++) {
                Zmm i = integers(t, block);
                a.op(VCVTDQ2PS, i, i);
                a.op(VMULPS, i, i, new Broadcast(d.base(), d.disp()));
                a.op(VFMADD231PS, sum(t, block), i, weights(block));
            }
        }
    }

    private static Address record(int token, int at) {
        return new Address(ACTIVATIONS, token * UnitRecord.BYTES + at);
    }

    /** The first product of a unit replaces what is in its sum. */
    private void multiply(Zmm to, Zmm weights, boolean first) {
        if (first) {
            a.op(VPMADDWD, to, weights, pair);
        } else if (isa == Isa.AVX512_VNNI) {
            a.op(VPDPWSSD, to, weights, pair);
        } else {
            a.op(VPMADDWD, product, weights, pair);
            a.op(VPADDD, to, to, product);
        }
    }
}
