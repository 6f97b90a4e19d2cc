package ingot.runtime.kernel.nativecode;

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
 * Products of matrices that read the same activations with several tokens. First the activations are rounded, a task per
 * tile of six tokens; then every task expands the weights of a few panels of 32 rows, 512 columns at a time, and multiplies
 * them with all tokens, some tiles at a time. For one calling thread.
 */
final class ManyTokens {
    /** Units of a panel: with a tile's activations it fits the first-level cache. */
    private static final int PANEL_UNITS = 16;

    private static final long PANEL_BYTES = (long) PANEL_UNITS * GemmCode.PANEL_BYTES;

    /** Most panels of a task: the activations come from memory once for all of them. */
    private static final int PANELS = 8;

    /** Tiles that all panels of a task meet before the next: some 350 KB of activations for the second-level cache. */
    private static final int TILES = 32;

    /** Least tasks of a thread where there are rows enough, so that threads end together. */
    private static final int TASKS = 4;

    private static final long ROW_SCALES = Blocks.ROWS * Short.BYTES;

    private final NativeCode code;
    private final NativeScratch records = new NativeScratch();
    private final ThreadLocal<Buffers> perThread;

    /** What a thread needs to work on a product. */
    static final class Buffers {
        private final NativeScratch input = new NativeScratch();
        private final NativeScratch panels = new NativeScratch();
        private final NativeScratch sums = new NativeScratch();
    }

    /** Activations of all tokens, rounded. */
    private record Input(MemorySegment records, int tokens, int tiles, int units) {
        long tileBytes() {
            return (long) units * GemmCode.TILE_UNIT_BYTES;
        }
    }

    /** A product under way. */
    private record Product(Matrix w, TypeCode type, Input in, MemorySegment y) {
        int units() {
            return w.blocks().paddedCols() / Grouping.UNIT;
        }

        int unitsPerGroup() {
            return w.blocks().group() / Grouping.UNIT;
        }

        /** Panels of 32 rows. */
        static int panels(Matrix w) {
            return (w.rows() - 1) / GemmCode.ROWS + 1;
        }

        /** Bytes that hold the sums of a panel. */
        long sumBytes() {
            return (long) in.tiles * GemmCode.SUM_BYTES;
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
        int panels = 0;
        for (int i = 0; i < all.length; i++) {
            panels += Product.panels(products.weight(i));
        }
        int perTask = Math.clamp(panels / (TASKS * pool.threads()), 1, PANELS);
        for (int i = 0; i < all.length; i++) {
            Matrix w = products.weight(i);
            all[i] = new Product(w, code.type((Grouped) w.layout()), in, MemorySegment.ofArray(products.output(i)));
            tasks += (Product.panels(w) - 1) / perTask + 1;
            ends[i] = tasks;
        }
        pool.parallel(tasks, task -> {
            int i = 0;
            while (ends[i] <= task) {
                i++;
            }
            int first = (task - (i == 0 ? 0 : ends[i - 1])) * perTask;
            rows(all[i], first, Math.min(perTask, Product.panels(all[i].w) - first));
        });
    }

    /** Tokens that a tile lacks, and columns behind the last, are zeros; rows of whole units are read where they are. */
    private void round(Input to, float[] x, int cols, int tile) {
        NativeScratch input = perThread.get().input;
        int padded = to.units * Grouping.UNIT;
        for (int t = 0; t < GemmCode.TOKENS; t++) {
            int token = tile * GemmCode.TOKENS + t;
            int n = token < to.tokens ? cols : 0;
            MemorySegment in = n == padded
                    ? MemorySegment.ofArray(x).asSlice((long) token * cols * Float.BYTES)
                    : input.floats(x, n == 0 ? 0 : token * cols, n, padded);
            MemorySegment at = to.records.asSlice(tile * to.tileBytes() + (long) t * UnitRecord.RECORD_BYTES);
            code.quantize(in, at, to.units, GemmCode.TILE_UNIT_BYTES);
        }
    }

    /** Panels {@code first … first + count} of a product. */
    private void rows(Product p, int first, int count) {
        Buffers buffers = perThread.get();
        MemorySegment panels = buffers.panels.bytes(count * PANEL_BYTES);
        MemorySegment sums = buffers.sums.bytes(count * p.sumBytes());
        for (int unit = 0; unit < p.units(); unit += PANEL_UNITS) {
            int units = Math.min(PANEL_UNITS, p.units() - unit);
            for (int i = 0; i < count; i++) {
                expand(p, first + i, unit, units, panels.asSlice(i * PANEL_BYTES));
            }
            for (int tile = 0; tile < p.in.tiles; tile += TILES) {
                MemorySegment records = p.in.records.asSlice(tile * p.in.tileBytes());
                int tiles = Math.min(TILES, p.in.tiles - tile);
                for (int i = 0; i < count; i++) {
                    MemorySegment to = sums.asSlice(i * p.sumBytes() + (long) tile * GemmCode.SUM_BYTES);
                    Tiles on = new Tiles(records, to, tiles, p.in.tileBytes());
                    code.gemm(panels.asSlice(i * PANEL_BYTES), on, unit, units);
                }
            }
        }
        for (int i = 0; i < count; i++) {
            int row = (first + i) * GemmCode.ROWS;
            int n = Math.min(GemmCode.ROWS, p.w.rows() - row);
            code.spread(sums.asSlice(i * p.sumBytes()), p.y, row, p.in.tokens, p.w.rows(), n);
        }
    }

    /** Where the second block of rows does not exist, what the panel had there before makes sums that nobody reads. */
    private static void expand(Product p, int panel, int unit, int units, MemorySegment to) {
        MemorySegment codes = p.w.parts().getFirst();
        MemorySegment scales = p.w.parts().getLast();
        int block = panel * GemmCode.ROW_BLOCKS;
        for (int i = 0; i < GemmCode.ROW_BLOCKS && block + i < p.w.blocks().count(); i++) {
            MemorySegment lines = to.asSlice((long) i * Blocks.LINE);
            NativeCode.expand(p.type, codes, scales, lines, run(p, block + i, unit, units));
        }
    }

    private static Run run(Product p, int block, int unit, int units) {
        int perGroup = p.unitsPerGroup();
        long codesAt = ((long) block * p.units() + unit) * p.type.codes().unitBytes();
        long scalesAt = ((long) block * p.w.blocks().groups() + unit / perGroup) * ROW_SCALES;
        return new Run(codesAt, scalesAt, units, perGroup - unit % perGroup, perGroup);
    }
}
