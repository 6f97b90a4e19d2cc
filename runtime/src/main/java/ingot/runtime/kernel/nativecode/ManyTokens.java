package ingot.runtime.kernel.nativecode;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import ingot.formats.block.Blocks;
import ingot.formats.block.Grouped;
import ingot.formats.block.Grouping;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.Matrix;
import ingot.runtime.kernel.Products;
import ingot.runtime.kernel.nativecode.NativeCode.Run;
import ingot.runtime.kernel.nativecode.NativeCode.Tiles;
import ingot.runtime.kernel.nativecode.NativeCode.TypeCode;
import java.lang.foreign.MemorySegment;

/**
 * Products of matrices that read the same activations with several tokens. First the activations are rounded, a task per tile of six tokens; then every task expands
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

    /** Activations of all tokens, rounded. */
    private record Input(MemorySegment records, int tokens, int tiles, int units) {
        long tileBytes() {
            return (long) units * GemmCode.TILE_UNIT_BYTES;
        }
    }

    /** A product under way. */
    private record Product(Matrix w, TypeCode type, Input in, float[] y) {
        int units() {
            return w.blocks().paddedCols() / Grouping.UNIT;
        }

        int unitsPerGroup() {
            return w.blocks().group() / Grouping.UNIT;
        }

        int panels() {
            return (w.rows() - 1) / GemmCode.ROWS + 1;
        }
    }

    ManyTokens(NativeCode code, ThreadLocal<Buffers> perThread) {
        this.code = code;
        this.perThread = perThread;
    }

    /** y = W·x for every token and every matrix, all of integer codes. */
    void multiply(Kernels pool, Products products, float[] x, int tokens) {
        int padded = 0;
        for (int i = 0; i < products.count(); i++) {
            padded = Math.max(padded, products.weight(i).blocks().paddedCols());
        }
        int cols = products.weight(0).cols();
        int tiles = (tokens - 1) / GemmCode.TOKENS + 1;
        int units = padded / Grouping.UNIT;
        MemorySegment rounded = records.bytes((long) tiles * units * GemmCode.TILE_UNIT_BYTES);
        Input in = new Input(rounded, tokens, tiles, units);
        pool.parallel(tiles, tile -> round(in, x, cols, tile));
        Product[] all = new Product[products.count()];
        int[] ends = new int[all.length];
        int tasks = 0;
        for (int i = 0; i < all.length; i++) {
            Matrix w = products.weight(i);
            all[i] = new Product(w, code.type((Grouped) w.layout()), in, products.output(i));
            tasks += all[i].panels();
            ends[i] = tasks;
        }
        pool.parallel(tasks, task -> {
            int i = 0;
            while (ends[i] <= task) {
                i++;
            }
            rows(all[i], task - (ends[i] - all[i].panels()));
        });
    }

    /** Tokens that a tile lacks are zeros. */
    private void round(Input to, float[] x, int cols, int tile) {
        NativeScratch input = perThread.get().input;
        for (int t = 0; t < GemmCode.TOKENS; t++) {
            int token = tile * GemmCode.TOKENS + t;
            int n = token < to.tokens ? cols : 0;
            MemorySegment in = input.floats(x, n == 0 ? 0 : token * cols, n, to.units * Grouping.UNIT);
            MemorySegment at = to.records.asSlice(tile * to.tileBytes() + (long) t * UnitRecord.RECORD_BYTES);
            code.quantize(in, at, to.units, GemmCode.TILE_UNIT_BYTES);
        }
    }

    private void rows(Product p, int panelIndex) {
        Buffers buffers = perThread.get();
        MemorySegment panel = buffers.panel.bytes((long) PANEL_UNITS * GemmCode.PANEL_BYTES);
        int tiles = p.in.tiles;
        Blocks blocks = p.w.blocks();
        long sumBytes = (long) tiles * GemmCode.SUM_BYTES;
        MemorySegment sums = buffers.sums.bytes(sumBytes);
        sums.asSlice(0, sumBytes).fill((byte) 0);
        Tiles on = new Tiles(p.in.records, sums, tiles, p.in.tileBytes());
        MemorySegment codes = p.w.parts().getFirst();
        MemorySegment scales = p.w.parts().getLast();
        int block = panelIndex * GemmCode.ROW_BLOCKS;
        for (int unit = 0; unit < p.units(); unit += PANEL_UNITS) {
            int units = Math.min(PANEL_UNITS, p.units() - unit);
            // Where the second block does not exist, what the panel had there before makes sums that nobody reads.
            for (int i = 0; i < GemmCode.ROW_BLOCKS && block + i < blocks.count(); i++) {
                MemorySegment to = panel.asSlice((long) i * Blocks.LINE);
                NativeCode.expand(p.type, codes, scales, to, run(p, block + i, unit, units));
            }
            code.gemm(panel, on, units, (long) unit * GemmCode.TILE_UNIT_BYTES);
        }
        int row = block * Blocks.ROWS;
        int n = Math.min(GemmCode.ROWS, p.w.rows() - row);
        for (int t = 0; t < p.in.tokens; t++) {
            MemorySegment.copy(sums, JAVA_FLOAT, (long) t * GemmCode.ROWS * Float.BYTES, p.y, t * p.w.rows() + row, n);
        }
    }

    private static Run run(Product p, int block, int unit, int units) {
        int perGroup = p.unitsPerGroup();
        long codesAt = ((long) block * p.units() + unit) * p.type.codes().unitBytes();
        long scalesAt = ((long) block * p.w.blocks().groups() + unit / perGroup) * ROW_SCALES;
        return new Run(codesAt, scalesAt, units, perGroup - unit % perGroup, perGroup);
    }
}
