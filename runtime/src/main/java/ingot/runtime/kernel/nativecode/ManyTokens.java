package ingot.runtime.kernel.nativecode;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import ingot.formats.block.Blocks;
import ingot.formats.block.Grouped;
import ingot.formats.block.Grouping;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.Matrix;
import ingot.runtime.kernel.nativecode.NativeCode.Run;
import ingot.runtime.kernel.nativecode.NativeCode.Tiles;
import ingot.runtime.kernel.nativecode.NativeCode.TypeCode;
import java.lang.foreign.MemorySegment;

/**
 * Products with several tokens. First the activations are rounded, a task per tile of six tokens; then every task expands
 * the weights of 32 rows, 512 columns at a time, and multiplies them with all tokens. For one calling thread.
 */
final class ManyTokens {
    /** Units of a panel: with a tile's activations it fits the first-level cache. */
    private static final int PANEL_UNITS = 16;

    private static final long ROW_SCALES = Blocks.ROWS * Short.BYTES;

    private final NativeCode code;
    private final NativeScratch records = new NativeScratch();
    private final ThreadLocal<Buffers> perThread;

    /** What a thread needs to work on a product. */
    static final class Buffers {
        private final NativeScratch input = new NativeScratch();
        private final NativeScratch panel = new NativeScratch();
        private final NativeScratch sums = new NativeScratch();
    }

    /** A product under way. */
    private record Product(Matrix w, Blocks blocks, TypeCode type, MemorySegment records, int tokens, float[] y) {
        int units() {
            return blocks.paddedCols() / Grouping.UNIT;
        }

        int unitsPerGroup() {
            return blocks.group() / Grouping.UNIT;
        }

        long tileBytes() {
            return (long) units() * GemmCode.TILE_UNIT_BYTES;
        }
    }

    ManyTokens(NativeCode code, ThreadLocal<Buffers> perThread) {
        this.code = code;
        this.perThread = perThread;
    }

    /** y = W·x for every token. */
    void multiply(Kernels pool, Matrix w, Grouped layout, float[] x, int tokens, float[] y) {
        Blocks blocks = layout.blocks(w.rows(), w.cols());
        int tiles = (tokens - 1) / GemmCode.TOKENS + 1;
        long tileBytes = (long) (blocks.paddedCols() / Grouping.UNIT) * GemmCode.TILE_UNIT_BYTES;
        Product p = new Product(w, blocks, code.type(layout), records.bytes(tiles * tileBytes), tokens, y);
        pool.parallel(tiles, tile -> round(p, x, tile));
        pool.parallel((w.rows() - 1) / GemmCode.ROWS + 1, panel -> rows(p, tiles, panel));
    }

    /** Tokens that a tile lacks are zeros. */
    private void round(Product p, float[] x, int tile) {
        NativeScratch input = perThread.get().input;
        for (int t = 0; t < GemmCode.TOKENS; t++) {
            int token = tile * GemmCode.TOKENS + t;
            int cols = token < p.tokens ? p.w.cols() : 0;
            MemorySegment in = input.floats(x, cols == 0 ? 0 : token * cols, cols, p.blocks.paddedCols());
            MemorySegment to = p.records.asSlice(tile * p.tileBytes() + (long) t * UnitRecord.RECORD_BYTES);
            code.quantize(in, to, p.units(), GemmCode.TILE_UNIT_BYTES);
        }
    }

    private void rows(Product p, int tiles, int panelIndex) {
        Buffers buffers = perThread.get();
        MemorySegment panel = buffers.panel.bytes((long) PANEL_UNITS * GemmCode.PANEL_BYTES);
        long sumBytes = (long) tiles * GemmCode.SUM_BYTES;
        MemorySegment sums = buffers.sums.bytes(sumBytes);
        sums.asSlice(0, sumBytes).fill((byte) 0);
        Tiles on = new Tiles(p.records, sums, tiles, p.tileBytes());
        MemorySegment codes = p.w.parts().getFirst();
        MemorySegment scales = p.w.parts().getLast();
        int block = panelIndex * GemmCode.ROW_BLOCKS;
        for (int unit = 0; unit < p.units(); unit += PANEL_UNITS) {
            int units = Math.min(PANEL_UNITS, p.units() - unit);
            // Where the second block does not exist, what the panel had there before makes sums that nobody reads.
            for (int i = 0; i < GemmCode.ROW_BLOCKS && block + i < p.blocks.count(); i++) {
                MemorySegment to = panel.asSlice((long) i * Blocks.LINE);
                NativeCode.expand(p.type, codes, scales, to, run(p, block + i, unit, units));
            }
            code.gemm(panel, on, units, (long) unit * GemmCode.TILE_UNIT_BYTES);
        }
        int row = block * Blocks.ROWS;
        int n = Math.min(GemmCode.ROWS, p.w.rows() - row);
        for (int t = 0; t < p.tokens; t++) {
            MemorySegment.copy(sums, JAVA_FLOAT, (long) t * GemmCode.ROWS * Float.BYTES, p.y, t * p.w.rows() + row, n);
        }
    }

    private static Run run(Product p, int block, int unit, int units) {
        int perGroup = p.unitsPerGroup();
        long codesAt = ((long) block * p.units() + unit) * p.type.codes().unitBytes();
        long scalesAt = ((long) block * p.blocks.groups() + unit / perGroup) * ROW_SCALES;
        return new Run(codesAt, scalesAt, units, perGroup - unit % perGroup, perGroup);
    }
}
